"""What is lost when the node is killed: its process, by SIGKILL, at random moments.

The node runs with a scripted model, so that nearly all of a turn's time is the node's own. After
each kill it is started anew on the same database; then the database is checked, and every turn
must be in it whose result a client had seen.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Set
from pathlib import Path

from nemotron_agent.archive.database import ConversationDatabase
from nemotron_agent.cli.benches.crash_round import CONVERSATIONS, Round, files_in
from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.subject import Subjects
from nemotron_agent.core.errors import EvaluationError


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Kill the node as often as the options say."""
    options = subjects.options
    yield from of_kills(subjects.folder, progress, options.kills, options.seed)


def of_kills(folder: Path, progress: Progress, kills: int, seed: int) -> Iterator[Figure]:
    """The figures of a run; one seed draws the same commands and moments again."""
    progress.step('crash')
    rounds = []
    for number in range(kills + 1):
        progress.count(number, kills)
        rounds.append(_run(folder, f'{seed}.{number}', kill=number < kills))
    seen = {turn for each in rounds for turn in each.seen}
    kept = _kept(folder)
    corrupt = sum(not each.was_in_order for each in rounds)
    killed = sum(each.was_killed for each in rounds)
    start_sec = statistics.median(each.start_sec for each in rounds)
    yield Figure('crash.kills', killed, 'kills', goal=kills, at_least=True)
    yield Figure('crash.corrupt', corrupt, 'starts', goal=0)
    yield Figure('crash.lost_finished_turns', len(seen - kept), 'turns', goal=0)
    yield Figure('crash.finished_turns', len(seen), 'turns')
    yield Figure('crash.kept_turns_nobody_saw', len(kept - seen), 'turns')
    yield Figure('crash.start_to_first_turn', start_sec, 's')
    yield Figure('crash.seed', seed, '')


def _run(folder: Path, name: str, *, kill: bool) -> Round:
    """Run a round in its process.

    Raises:
        EvaluationError: it has failed.
    """
    order = json.dumps({'folder': str(folder), 'name': name, 'kill': kill})
    done = subprocess.run(
        [sys.executable, '-m', 'nemotron_agent.cli.benches.crash_round', order],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EvaluationError(
            f'round {name} has failed with status {done.returncode}: {done.stderr.strip()[-800:]}'
        )
    return Round.from_json(done.stdout)


def _kept(folder: Path) -> Set[tuple[str, str]]:
    """Conversation and command of each turn in the database."""
    with ConversationDatabase(files_in(folder).database, writable=False) as database:
        return {
            (name, turn.messages[0].content)
            for name in CONVERSATIONS
            for turn in database.turns(name)
        }
