"""A control group with a memory limit, for processes that a test starts in it."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_ROOT = Path('/sys/fs/cgroup')
_VERSION_1 = _ROOT / 'memory'


class NoCgroupError(Exception):
    """This system does not let us make a control group with a memory limit."""


class MemoryCgroup:
    """A group below the root of the hierarchy. Use as a context manager.

    Its processes must have ended before it is left.

    Raises:
        NoCgroupError: it cannot be made here: no rights, or no memory controller.
    """

    def __init__(self, limit_bytes: int) -> None:
        is_version_1 = _VERSION_1.is_dir()
        root = _VERSION_1 if is_version_1 else _ROOT
        self._folder = root / f'nemotron_agent_test_{os.getpid()}'
        self._limit_bytes = limit_bytes
        self._limit_file = 'memory.limit_in_bytes' if is_version_1 else 'memory.max'

    def __enter__(self) -> 'MemoryCgroup':
        try:
            self._folder.mkdir()
        except OSError as error:
            raise NoCgroupError(f'{self._folder} cannot be made: {error.strerror}') from error
        try:
            (self._folder / self._limit_file).write_text(str(self._limit_bytes))
        except OSError as error:
            self._folder.rmdir()
            raise NoCgroupError(f'no memory limit can be set: {error.strerror}') from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder.rmdir()

    def command(self, words: Sequence[str]) -> list[str]:
        """A command that runs another one in the group."""
        procs = shlex.quote(str(self._folder / 'cgroup.procs'))
        return ['sh', '-c', f'echo $$ > {procs} && exec "$@"', 'sh', *words]
