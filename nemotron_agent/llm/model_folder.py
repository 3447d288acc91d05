"""The folder of model files: which are there, and which were checked."""

import contextlib
import enum
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from nemotron_agent.core.errors import ModelDownloadError, ModelFileError
from nemotron_agent.core.resource_paths import cache_directory
from nemotron_agent.llm.model_entry import ModelEntry
from nemotron_agent.llm.pull_progress import PullProgress

FOLDER_VARIABLE = 'NEMOTRON_AGENT_MODEL_DIR'
CHUNK_BYTES = 4 << 20


class FileState(enum.Enum):
    """What is there of a model's file; WRONG is a file of another size."""

    PRESENT = 'present'
    PARTIAL = 'partial'
    ABSENT = 'absent'
    WRONG = 'wrong'


class ModelFolder:
    """Files of the catalogue, each under its own name.

    Beside a file `X` may lie `X.partial` (being written), `.X.parts` (pieces fetched so far),
    `X.verified` (size, time and sha256 of the file when it was last found right) and `.X.lock`.

    Args:
        path: the folder; without one NEMOTRON_AGENT_MODEL_DIR, or `nemotron_agent/models` in the
            user's cache.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_folder()

    def file(self, entry: ModelEntry) -> Path:
        """Where the model's file is, if it is there."""
        return self.path / entry.file

    def partial(self, entry: ModelEntry) -> Path:
        """Where the file is written."""
        return self.path / f'{entry.file}.partial'

    def parts(self, entry: ModelEntry) -> Path:
        """Folder of the pieces fetched so far."""
        return self.path / f'.{entry.file}.parts'

    def state(self, entry: ModelEntry) -> FileState:
        """Tell what is there, without reading it."""
        try:
            size = self.file(entry).stat().st_size
            return FileState.PRESENT if size == entry.bytes else FileState.WRONG
        except OSError:
            return FileState.PARTIAL if self.partial_bytes(entry) else FileState.ABSENT

    def partial_bytes(self, entry: ModelEntry) -> int:
        """About how much of an unfinished download is there [bytes]."""
        pieces = sum(size_of(wheel) for wheel in self.parts(entry).glob('*.whl'))
        return min(max(pieces, size_of(self.partial(entry))), entry.bytes)

    def was_verified(self, entry: ModelEntry) -> bool:
        """Whether the file, as it is now, was once found right."""
        with contextlib.suppress(OSError, ValueError):
            record = json.loads(self._record(entry).read_text(encoding='utf-8'))
            return bool(record == self._facts(entry))
        return False

    def checked_file(self, entry: ModelEntry, progress: PullProgress) -> Path:
        """Give the model's file if it is right, reading it only if nobody has before.

        Raises:
            ModelFileError: it is missing, or is another file.
        """
        if not self.was_verified(entry):
            self.verify(entry, progress)
        return self.file(entry)

    def verify(self, entry: ModelEntry, progress: PullProgress) -> None:
        """Read the file and compare its sha256.

        Raises:
            ModelFileError: it is missing, cannot be read, or is another file.
        """
        file = self.file(entry)
        mend = f'get it with: nemotron-agent model pull {entry.name}'
        if not file.exists():
            raise ModelFileError(f'the model {entry.name} is not in {self.path}: {mend}')
        size = size_of(file)
        if size != entry.bytes:
            self._forget(entry)
            raise ModelFileError(
                f'{file} has {size} bytes and the model {entry.name} {entry.bytes}: {mend}'
            )
        try:
            digest = sha256_of(file, progress)
        except OSError as error:
            raise ModelFileError(f'{file} cannot be read ({error.strerror})') from error
        if digest != entry.sha256:
            self._forget(entry)
            raise ModelFileError(
                f'{file} is not the model {entry.name}: its sha256 is {digest} '
                f'and should be {entry.sha256}; {mend}'
            )
        self.remember(entry)

    def remember(self, entry: ModelEntry) -> None:
        """Note that the file was found right; where nothing can be written it is checked again."""
        with contextlib.suppress(OSError):
            record = self._record(entry)
            fresh = record.with_name(f'{record.name}.{os.getpid()}')
            fresh.write_text(json.dumps(self._facts(entry)), encoding='utf-8')
            fresh.replace(record)

    def adopt(self, entry: ModelEntry) -> Path:
        """Make the partial file, found right, the model's file; survives a power cut."""
        partial, file = self.partial(entry), self.file(entry)
        with partial.open('rb') as written:
            os.fsync(written.fileno())
        partial.replace(file)
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.remember(entry)
        return file

    @contextlib.contextmanager
    def locked(self, entry: ModelEntry, progress: PullProgress) -> Iterator[None]:
        """Keep other processes from pulling the same model.

        Raises:
            ModelDownloadError: the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = (self.path / f'.{entry.file}.lock').open('w')
        except OSError as error:
            raise ModelDownloadError(
                f'the model folder {self.path} cannot be written ({error.strerror}): '
                f'name another one in {FOLDER_VARIABLE}'
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                progress.note(f'another process is pulling {entry.name}: waiting for it')
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _record(self, entry: ModelEntry) -> Path:
        return self.path / f'{entry.file}.verified'

    def _forget(self, entry: ModelEntry) -> None:
        with contextlib.suppress(OSError):
            self._record(entry).unlink(missing_ok=True)

    def _facts(self, entry: ModelEntry) -> dict[str, object]:
        status = self.file(entry).stat()
        return {
            'bytes': status.st_size,
            'mtime_ns': status.st_mtime_ns,
            'sha256': entry.sha256,
        }


def default_folder() -> Path:
    """Where models are kept unless told otherwise."""
    own = os.environ.get(FOLDER_VARIABLE)
    if own:
        return Path(own).expanduser().absolute()
    return cache_directory() / 'models'


def size_of(path: Path) -> int:
    """Size of a file, 0 if there is none [bytes]."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def sha256_of(path: Path, progress: PullProgress) -> str:
    """Hash a file; hex digits."""
    digest, done, total = hashlib.sha256(), 0, size_of(path)
    with path.open('rb') as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            done += len(chunk)
            progress.advance('checking', done, total)
    return digest.hexdigest()
