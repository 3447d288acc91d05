"""One round of the bench `crash`, in a process of its own.

rclpy is not made for hundreds of contexts in a process, and can fail when one is torn down: this
process ends without that.
"""

import contextlib
import dataclasses
import itertools
import json
import os
import random
import signal
import sys
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
from nemotron_agent.cli.child_process import ChildProcess
from nemotron_agent.core.errors import ArchiveError
from nemotron_agent.testing.own_ros_domain import RosDomain

LONGEST_RUN_SEC = 0.8  # from the first command on; a turn takes some hundredths of it
CONVERSATIONS = (DEFAULT_CONVERSATION, 'kitchen', 'dock')
TOPIC_SHARE = 0.3
LOOKED_AT = 200  # in each conversation, after each start
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


@dataclasses.dataclass(frozen=True)
class Round:
    """What a round found.

    Attributes:
        seen: conversation and command of each turn whose result a client saw.
        was_in_order: whether the database was sound when the node had started.
        was_killed: whether the node ran until it was killed.
        start_sec: from the start of the process to the result of its first turn.
    """

    seen: tuple[tuple[str, str], ...]
    was_in_order: bool
    was_killed: bool
    start_sec: float

    @classmethod
    def from_json(cls, text: str) -> 'Round':
        """Read what the process prints."""
        values = json.loads(text)
        return cls(**{**values, 'seen': tuple(map(tuple, values['seen']))})


def files_in(folder: Path) -> NodeFiles:
    """The conversations of the node that is killed."""
    return NodeFiles.of_node('nemotron_agent', folder / 'conversations')


class _Commands:
    """Commands drawn at random, none like another, and which of them were carried out."""

    def __init__(self, client: CrashClient, name: str) -> None:
        self.seen: list[tuple[str, str]] = []
        self._client = client
        self._name = name
        self._rng = random.Random(name)
        self._numbers = itertools.count()

    def give(self, node_died: Callable[[], bool]) -> bool:
        """Give the next one; return whether its result was seen."""
        by_topic = self._rng.random() < TOPIC_SHARE
        conversation = DEFAULT_CONVERSATION if by_topic else self._rng.choice(CONVERSATIONS)
        command = Command(f'command {self._name} {next(self._numbers)}', conversation, by_topic)
        finished = self._client.give(command, node_died)
        if finished:
            self.seen.append((conversation, command.text))
        return finished


def run(folder: Path, name: str, *, kill: bool) -> Round:
    """Start the node, have it carry out a command, and check the database.

    Args:
        folder: what stays from round to round.
        name: seed and name of the round.
        kill: give more commands then, and kill the node meanwhile.
    """
    domain = RosDomain()
    client = CrashClient(domain, ANSWER)
    commands = _Commands(client, name)
    with _node(folder, domain) as node:
        started = time.monotonic()
        while not client.is_ready or not commands.give(lambda: False):
            node.check()
            time.sleep(POLL_SEC)
        start_sec = time.monotonic() - started
        was_in_order = is_in_order(files_in(folder))
        was_killed = kill and _kill(node, commands, random.Random(f'{name} end'))
    return Round(tuple(commands.seen), was_in_order, was_killed, start_sec)


def is_in_order(files: NodeFiles) -> bool:
    """Whether the file is sound and all turns are whole, by its own word and by the script."""
    try:
        with ConversationDatabase(files.database, writable=False) as database:
            last = [turn for name in CONVERSATIONS for turn in database.turns(name, LOOKED_AT)]
            return not database.faults() and all(
                tuple(message.role for message in turn.messages) == ROLES
                and len(turn.result.calls) == 1
                for turn in last
            )
    except ArchiveError:
        return False


def _kill(node: ChildProcess, commands: _Commands, rng: random.Random) -> bool:
    """Give commands until the node is killed; return whether it had run until then."""
    statuses: list[int] = []
    killing = threading.Timer(
        rng.uniform(0.0, LONGEST_RUN_SEC), lambda: statuses.append(node.kill())
    )
    killing.start()
    while not statuses:
        commands.give(lambda: bool(statuses))
    killing.join()
    return statuses == [-signal.SIGKILL]


@contextlib.contextmanager
def _node(folder: Path, domain: RosDomain) -> Iterator[ChildProcess]:
    for name, text in (('script.yaml', SCRIPT), ('skills.yaml', SKILLS)):
        (folder / name).write_text(text, encoding='utf-8')
    parameters = {
        'model': f'scripted:{folder / "script.yaml"}',
        'skills_file': folder / 'skills.yaml',
    }
    words = (word for item in parameters.items() for word in ('-p', '{}:={}'.format(*item)))
    with ChildProcess(
        'agent',
        'nemotron_agent.ros.main',
        ['--ros-args', *words],
        {**domain.environment, 'NEMOTRON_AGENT_STATE': str(folder)},
        folder / 'agent.log',
    ) as node:
        yield node


if __name__ == '__main__':
    order = json.loads(sys.argv[1])
    done = run(Path(order['folder']), order['name'], kill=order['kill'])
    print(json.dumps(dataclasses.asdict(done)), flush=True)
    os._exit(0)
