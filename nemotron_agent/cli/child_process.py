"""A process of ours beside this one: its log, its death, its end."""

import collections
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from nemotron_agent.core.errors import NemotronAgentError

END_TIMEOUT_SEC = 15.0
LOG_LINES_SHOWN = 12


class ChildDiedError(NemotronAgentError):
    """A process that was to run on has ended."""


class ChildProcess:
    """Runs a module of this package with this Python. Use as a context manager.

    Args:
        name: for people.
        log_path: takes its output.
    """

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        log_path: Path,
    ) -> None:
        self.name = name
        self.log_path = log_path
        with log_path.open('wb') as log:
            self._process = subprocess.Popen(
                [sys.executable, '-m', module, *arguments],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> 'ChildProcess':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def check(self) -> None:
        """Raise if it has died.

        Raises:
            ChildDiedError: with the end of its log.
        """
        status = self._process.poll()
        if status is not None:
            raise ChildDiedError(
                f'the {self.name} ended with status {status}; the end of {self.log_path}:\n'
                + self.log_end()
            )

    def log_end(self) -> str:
        """The last lines of its log."""
        with self.log_path.open(encoding='utf-8', errors='replace') as log:
            return ''.join(collections.deque(log, LOG_LINES_SHOWN))

    def kill(self) -> int:
        """Kill it, as a power cut would; return its exit status, -9 if it was running."""
        self._process.kill()
        return self._process.wait()

    def stop(self) -> int:
        """Ask it to end, make it end if it does not; return its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(END_TIMEOUT_SEC)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
