"""States of the context on disk, so that a restart reads nothing again.

A file holds one line of JSON, then the state as llama.cpp writes it. Its name is a hash of all
that the state depends on. It is written beside its place and moved there when complete; what does
not match its own checksum is as good as none.
"""

import contextlib
import hashlib
import json
import logging
import mmap
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

logger = logging.getLogger(__name__)

_FORMAT = 'nemotron_agent state 1'
_SUFFIX = '.state'


class WarmStart:
    """A folder of states, at most `limit_bytes` in all; those used longest ago go first.

    Nothing here raises for what is wrong with the folder or a file: the state is then evaluated
    anew, and a warning says why.

    Args:
        identity: all that a state depends on besides its tokens.
    """

    def __init__(self, folder: Path, limit_bytes: int, identity: str) -> None:
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._identity = identity

    @contextlib.contextmanager
    def read(self, tokens: Sequence[int]) -> Iterator[memoryview | None]:
        """Give the state after these tokens, or None if there is none that can be used."""
        path = self._path(tokens)
        with contextlib.ExitStack() as stack:
            state: memoryview | None = None
            try:
                state = self._open(path, stack)
                os.utime(path)
            except FileNotFoundError:
                pass
            except (OSError, ValueError) as error:
                logger.warning('the saved state %s cannot be used: %s', path, error)
            yield state

    def write(self, tokens: Sequence[int], state: memoryview) -> bool:
        """Save the state after these tokens; return whether it was."""
        path = self._path(tokens)
        header = self._header(path, state)
        if len(header) + len(state) > self._limit_bytes:
            logger.warning(
                'the state is not saved: it has %d MB and warm_start_mb allows %d',
                len(state) // 10**6,
                self._limit_bytes // 10**6,
            )
            return False
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write_whole(path, header, state)
            self._make_room(path)
        except OSError as error:
            logger.warning('the state cannot be saved in %s: %s', self._folder, error)
            return False
        return True

    def _path(self, tokens: Sequence[int]) -> Path:
        digest = hashlib.sha256(self._identity.encode())
        digest.update(np.asarray(tokens, np.int32).tobytes())
        return self._folder / f'{digest.hexdigest()[:40]}{_SUFFIX}'

    def _header(self, path: Path, state: memoryview) -> bytes:
        header = {
            'format': _FORMAT,
            'key': path.stem,
            'bytes': len(state),
            'sha256': hashlib.sha256(state).hexdigest(),
        }
        return json.dumps(header).encode() + b'\n'

    def _open(self, path: Path, stack: contextlib.ExitStack) -> memoryview:
        file = stack.enter_context(path.open('rb'))
        header = _parse(file.readline(4096))
        start = file.tell()
        # llama.cpp wants a pointer it could write to: pages are copied only if it did.
        mapped = stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        whole = stack.enter_context(memoryview(mapped))
        state = stack.enter_context(whole[start:])
        if header.get('key') != path.stem or header.get('bytes') != len(state):
            raise ValueError('it is of something else, or cut off')
        if header.get('sha256') != hashlib.sha256(state).hexdigest():
            raise ValueError('it is damaged')
        return state

    def _make_room(self, newest: Path) -> None:
        """Remove what was used longest ago until the rest is within the limit."""
        files = [(path, path.stat()) for path in self._folder.glob(f'*{_SUFFIX}')]
        total = sum(status.st_size for _, status in files)
        for path, status in sorted(files, key=lambda entry: entry[1].st_mtime_ns):
            if total <= self._limit_bytes:
                break
            if path != newest:
                path.unlink(missing_ok=True)
                total -= status.st_size


def _parse(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except ValueError as error:
        raise ValueError('it has no header') from error
    if not isinstance(header, dict) or header.get('format') != _FORMAT:
        raise ValueError('its format is not known')
    return header


def _write_whole(path: Path, *pieces: bytes | memoryview) -> None:
    """Write a file that is there either whole or not at all."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix='.part', delete=False) as file:
        try:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
            os.replace(file.name, path)
        except BaseException:
            os.unlink(file.name)
            raise
