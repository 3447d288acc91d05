"""What is lost when the node is killed: its process, by SIGKILL, at random moments.

The node runs with a scripted model, so that nearly all of a turn's time is the node's own. After
each kill it is started anew on the same database; then the database is checked, and every turn
must be in it whose result a client had seen.
"""

import contextlib
import itertools
import random
import signal
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nemotron_agent.archive.database import ConversationDatabase
from nemotron_agent.archive.node_files import NodeFiles
from nemotron_agent.cli.benches.crash_client import (
    DEFAULT_CONVERSATION,
    POLL_SEC,
    Command,
    CrashClient,
)
from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.subject import Subjects
from nemotron_agent.cli.child_process import ChildProcess
from nemotron_agent.core.errors import ArchiveError
from nemotron_agent.testing.own_ros_domain import RosDomain

LONGEST_RUN_SEC = 0.8  # from the first command on; a turn takes some hundredths of it
CONVERSATIONS = (DEFAULT_CONVERSATION, 'kitchen', 'dock')
TOPIC_SHARE = 0.3
TURNS_LOOKED_AT = 200  # in each conversation, after each start
ROLES = ('user', 'assistant', 'tool', 'assistant')
ANSWER = 'I have said so.'
# A small context, so that turns are left out of it while others are added.
SCRIPT = f"""
reply_protocol: native
n_ctx: 600
rules:
  - {{match: ., role: user, call: {{name: announce, arguments: {{text: I heard you.}}}}}}
  - {{match: ., role: tool, text: {ANSWER}}}
"""
# A latched topic needs nobody who listens.
SKILLS = """
skills:
  - id: announce
    version: 1.0.0
    description: Say something.
    interface: topic
    datatype: std_msgs/msg/String
    default_interface_path: say
    latched: true
    parameters:
      in: [{name: text, type: string, required: true, description: What to say.}]
    request: {data: {argument: text}}
    timeout_sec: 5
"""


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Kill the node as often as the options say."""
    options = subjects.options
    yield from of_kills(subjects.folder, progress, options.kills, options.seed)


def of_kills(folder: Path, progress: Progress, kills: int, seed: int) -> Iterator[Figure]:
    """The figures of a run; one seed draws the same moments again."""
    progress.step('crash')
    bench = _Bench(folder)
    for number in range(kills):
        bench.start_and_kill(random.Random(f'{seed} {number}'))
        progress.count(number + 1, kills)
    bench.start()
    kept = bench.kept()
    yield Figure('crash.kills', bench.kills, 'kills', goal=kills, at_least=True)
    yield Figure('crash.corrupt', bench.corrupt, 'starts', goal=0)
    yield Figure('crash.lost_finished_turns', len(bench.seen - kept), 'turns', goal=0)
    yield Figure('crash.finished_turns', len(bench.seen), 'turns')
    yield Figure('crash.kept_turns_nobody_saw', len(kept - bench.seen), 'turns')
    yield Figure('crash.start_to_first_turn', statistics.median(bench.start_sec), 's')
    yield Figure('crash.seed', seed, '')


class _Bench:
    """Starts and kills the node, and compares its database with what clients saw.

    Attributes:
        kills: how often a node was killed that ran.
        corrupt: starts after which the database was not in order.
        seen: conversation and command of each turn whose result was seen.
        start_sec: times from the start of a process to the result of its first turn.
    """

    def __init__(self, folder: Path) -> None:
        self.kills = 0
        self.corrupt = 0
        self.seen: set[tuple[str, str]] = set()
        self.start_sec: list[float] = []
        self._folder = folder
        self._files = NodeFiles.of_node('nemotron_agent', folder / 'conversations')
        self._numbers = itertools.count()
        (folder / 'script.yaml').write_text(SCRIPT, encoding='utf-8')
        (folder / 'skills.yaml').write_text(SKILLS, encoding='utf-8')

    def start(self) -> None:
        """Start the node, have it carry out a command, and check the database."""
        with self._running(random.Random()):
            pass

    def start_and_kill(self, rng: random.Random) -> None:
        """The same; then give it commands, and kill it meanwhile."""
        statuses: list[int] = []
        with self._running(rng) as (node, client):
            killing = threading.Timer(
                rng.uniform(0.0, LONGEST_RUN_SEC), lambda: statuses.append(node.kill())
            )
            killing.start()
            while not statuses:
                self._give(client, rng, lambda: bool(statuses))
            killing.join()
        self.kills += statuses == [-signal.SIGKILL]

    def kept(self) -> set[tuple[str, str]]:
        """Conversation and command of each turn in the database."""
        with ConversationDatabase(self._files.database, writable=False) as database:
            return {
                (name, turn.messages[0].content)
                for name in CONVERSATIONS
                for turn in database.turns(name)
            }

    @contextlib.contextmanager
    def _running(self, rng: random.Random) -> Iterator[tuple[ChildProcess, CrashClient]]:
        # A domain of its own: in the last one the killed node is not yet missed.
        with contextlib.closing(RosDomain()) as domain:
            started = time.monotonic()
            node = ChildProcess(
                'agent',
                'nemotron_agent.ros.main',
                self._arguments(),
                {**domain.environment, 'NEMOTRON_AGENT_STATE': str(self._folder)},
                self._folder / 'agent.log',
            )
            with node, contextlib.closing(CrashClient(domain, ANSWER)) as client:
                while not client.is_ready or not self._give(client, rng, lambda: False):
                    node.check()
                    time.sleep(POLL_SEC)
                self.start_sec.append(time.monotonic() - started)
                self.corrupt += not self._is_in_order()
                yield node, client

    def _arguments(self) -> list[str]:
        parameters = {
            'model': f'scripted:{self._folder / "script.yaml"}',
            'skills_file': self._folder / 'skills.yaml',
        }
        return [
            '--ros-args',
            *(word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')),
        ]

    def _give(
        self, client: CrashClient, rng: random.Random, node_died: Callable[[], bool]
    ) -> bool:
        by_topic = rng.random() < TOPIC_SHARE
        conversation = DEFAULT_CONVERSATION if by_topic else rng.choice(CONVERSATIONS)
        command = Command(f'command {next(self._numbers)}', conversation, by_topic)
        finished = client.give(command, node_died)
        if finished:
            self.seen.add((conversation, command.text))
        return finished

    def _is_in_order(self) -> bool:
        """Whether the file is sound and all turns are whole, by its own word and by the script."""
        try:
            with ConversationDatabase(self._files.database, writable=False) as database:
                last = [
                    turn
                    for name in CONVERSATIONS
                    for turn in database.turns(name, TURNS_LOOKED_AT)
                ]
                return not database.faults() and all(
                    tuple(message.role for message in turn.messages) == ROLES
                    and len(turn.result.calls) == 1
                    for turn in last
                )
        except ArchiveError:
            return False
