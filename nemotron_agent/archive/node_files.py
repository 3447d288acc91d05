"""Where a node keeps its conversations, and the lock that says it is running.

Each node has a file of its own, named after its full name, so that nodes of different names never
meet in one. Two nodes of one name, such as in two ROS domains, do: the lock lets only the first.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from nemotron_agent.core.errors import ArchiveError
from nemotron_agent.core.resource_paths import state_directory

FOLDER = 'conversations'
SUFFIX = '.sqlite'
LOCK_WAIT_SEC = 0.5
POLL_SEC = 0.02


@dataclasses.dataclass(frozen=True)
class RunningNode:
    """The process that holds a file.

    Attributes:
        started: Unix time [s] from which on it holds it.
    """

    process_id: int
    started: float


@dataclasses.dataclass(frozen=True)
class NodeFiles:
    """The files of one node.

    Attributes:
        node: its full name, such as `/r1/nemotron_agent`.
    """

    node: str
    database: Path

    @classmethod
    def of_node(cls, node: str, folder: Path | None = None) -> 'NodeFiles':
        """The files of a node; `folder` is one in the state folder by default."""
        # A ROS name has no dots.
        stem = node.strip('/').replace('/', '.')
        return cls(f'/{node.strip("/")}', (folder or conversation_folder()) / f'{stem}{SUFFIX}')

    @classmethod
    def find(cls, folder: Path | None = None) -> list['NodeFiles']:
        """Those of all nodes that have some."""
        paths = sorted((folder or conversation_folder()).glob(f'*{SUFFIX}'))
        return [cls('/' + path.stem.replace('.', '/'), path) for path in paths]

    def running_node(self) -> RunningNode | None:
        """The node that holds the files now; None if there is none."""
        try:
            with self._lock_path.open(encoding='utf-8') as file:
                if _try_lock(file, fcntl.LOCK_SH):
                    return None
                values = json.loads(file.read())
                return RunningNode(values['process_id'], values['started'])
        except (OSError, ValueError, KeyError):
            # No lock, or one that is being taken.
            return None

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the files until the context ends or the process does.

        Raises:
            ArchiveError: another node holds them, or the folder cannot be written.
        """
        with contextlib.ExitStack() as stack:
            try:
                self.database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                file = stack.enter_context(self._lock_path.open('a+', encoding='utf-8'))
                deadline = time.monotonic() + LOCK_WAIT_SEC
                while not _try_lock(file, fcntl.LOCK_EX):
                    if time.monotonic() > deadline:
                        raise ArchiveError(self._held_by_another())
                    time.sleep(POLL_SEC)
                file.truncate(0)
                json.dump({'process_id': os.getpid(), 'started': time.time()}, file)
                file.flush()
            except OSError as error:
                raise ArchiveError(
                    f'{self._lock_path}: {error.strerror}: make its folder writable, on a disk '
                    'that can lock files'
                ) from error
            yield

    @property
    def _lock_path(self) -> Path:
        return self.database.with_suffix('.lock')

    def _held_by_another(self) -> str:
        other = self.running_node()
        who = f'process {other.process_id}' if other else 'another process'
        return (
            f'{self.database} is held by {who}, another node with the name {self.node}: '
            'give one of them a namespace, or a state folder by NEMOTRON_AGENT_STATE'
        )


def conversation_folder() -> Path:
    """Where the files of all nodes are, unless another folder is named."""
    return state_directory() / FOLDER


def _try_lock(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
