"""Appends to a record: one entry after the other, in files of bounded size."""

import dataclasses
import errno
import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nemotron_agent.safety.audit_entry import FORMAT, NO_HASH, AuditEntry, encode_entry
from nemotron_agent.safety.audit_folder import AuditFolder, Head
from nemotron_agent.safety.audit_tail import Tail, move_aside, read_tail
from nemotron_agent.safety.utc_time import utc_now

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class AuditLimits:
    """How much is kept: files, and bytes of one."""

    file_bytes: int = 16 << 20
    files: int = 16


class AuditWriter:
    """Writes one record. It opens, repairs and rotates files by itself; every call may block.

    Not thread-safe: `AuditLog` gives it a thread.

    Args:
        folder: made where it is missing.
        limits: how much is kept.

    Attributes:
        heading: what the first line of each file says, besides format and number of the file.
    """

    def __init__(self, folder: Path, limits: AuditLimits | None = None) -> None:
        self.folder = AuditFolder(folder)
        self.heading: Mapping[str, Any] = {}
        self._limits = limits or AuditLimits()
        self._lock: int | None = None
        self._file: int | None = None
        self._head_file: int | None = None
        self._number = 0
        self._size = 0
        self._last: AuditEntry | None = None

    def lock(self) -> None:
        """Take the folder, so that nobody else writes there until `close`.

        Raises:
            ConfigurationError: another node writes the record.
            OSError: the disk fails.
        """
        if self._lock is not None and os.fstat(self._lock).st_nlink == 0:
            self._unlock()  # the folder was deleted
        if self._lock is None:
            self.folder.path.mkdir(mode=0o750, parents=True, exist_ok=True)
            self._lock = self.folder.lock()

    def open(self) -> None:
        """Go on where the record ends; what a crash left there is repaired and noted.

        Raises:
            ConfigurationError: another node writes it.
            OSError: the disk fails.
        """
        self.lock()
        folder = self.folder
        numbers = folder.numbers()
        head = Head.decoded(folder.read_head())
        tails = self._repaired_tails(numbers)
        last = next((tail.last for tail, _ in tails if tail.last is not None), None)
        expected = max(head.sequence if head else -1, self._last.sequence if self._last else -1)
        lost = max(0, expected - (last.sequence if last else -1))
        self._last = last or self._last
        self._head_file = os.open(folder.head, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o640)
        if tails and tails[0][0].last is not None:
            self._number = numbers[-1]
            self._size = tails[0][0].good_bytes
            self._file = os.open(folder.file(self._number), os.O_WRONLY | os.O_APPEND)
        elif tails:
            self._begin_file(numbers[-1])
        else:
            self._begin_file(self._number + 1)
        self._note_repairs(tails, lost)

    def append(
        self, event: str, fields: Mapping[str, Any], time: str, sync: bool = False
    ) -> AuditEntry:
        """Write an entry of `recordable` fields; with `sync` it is on disk when this returns.

        Raises:
            ConfigurationError: another node writes the record.
            OSError: the disk fails; the entry is not in the record, and the file is closed.
        """
        try:
            if self._file is not None and self._changed_by_others():
                self._close_files()
            if self._file is None:
                self.open()
            if self._size >= self._limits.file_bytes:
                self._rotate()
            return self._write(event, fields, time, sync)
        except OSError:
            self._close_files()
            raise

    def close(self) -> None:
        """Bring all to disk and let go of the record; may be called twice."""
        if self._file is not None:
            try:
                os.fsync(self._file)
            except OSError as error:
                logger.error('the end of the record is not on disk: %s', error)
        self._close_files()
        self._unlock()

    def _write(
        self, event: str, fields: Mapping[str, Any], time: str, sync: bool = False
    ) -> AuditEntry:
        assert self._file is not None and self._head_file is not None, 'the record is open'
        sequence = self._last.sequence + 1 if self._last else 0
        previous = self._last.hash if self._last else NO_HASH
        entry, line = encode_entry(sequence, time, event, fields, previous)
        try:
            _write_whole(self._file, line + b'\n')
            if sync:
                os.fsync(self._file)
            os.pwrite(self._head_file, Head.of(entry).encoded(), 0)
        except OSError:
            _cut(self._file, self._size)
            raise
        self._size += len(line) + 1
        self._last = entry
        return entry

    def _changed_by_others(self) -> bool:
        """Whether the open file was deleted, cut or added to."""
        assert self._file is not None
        status = os.fstat(self._file)
        return status.st_nlink == 0 or status.st_size != self._size

    def _rotate(self) -> None:
        assert self._file is not None
        os.fsync(self._file)
        os.close(self._file)
        self._file = None
        self._begin_file(self._number + 1)
        for number in self.folder.numbers():
            if number < self._oldest_kept():
                self.folder.file(number).unlink()

    def _begin_file(self, number: int) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(self.folder.file(number), flags, 0o640)
        self._number = number
        self._size = 0
        present = [n for n in self.folder.numbers() if n >= self._oldest_kept()]
        fields = {
            **self.heading,
            'format': FORMAT,
            'file': number,
            'oldest_file': min(present, default=number),
        }
        self._write('begin', fields, utc_now(), sync=True)
        self.folder.sync()

    def _oldest_kept(self) -> int:
        return self._number - self._limits.files + 1

    def _repaired_tails(self, numbers: list[int]) -> list[tuple[Tail, Path | None]]:
        """Tails from the newest file back to one with an entry, and where torn ends were put."""
        tails: list[tuple[Tail, Path | None]] = []
        for number in reversed(numbers):
            path = self.folder.file(number)
            tail = read_tail(path)
            tails.append((tail, move_aside(path, tail) if tail.torn else None))
            if tail.last is not None:
                break
        return tails

    def _note_repairs(self, tails: list[tuple[Tail, Path | None]], lost: int) -> None:
        for tail, aside in tails:
            if aside is not None:
                cut = {
                    'cut_bytes': len(tail.torn),
                    'cut_sha256': hashlib.sha256(tail.torn).hexdigest(),
                    'kept_in': aside.name,
                    'after_sequence': tail.last.sequence if tail.last else None,
                }
                logger.warning(
                    'the record ended in the middle of an entry: %d bytes were cut off and are '
                    'kept in %s',
                    len(tail.torn),
                    aside,
                )
                self._write('repaired', cut, utc_now(), sync=True)
        if lost:
            logger.error(
                'the last %d entries of the record in %s are gone', lost, self.folder.path
            )
            self._write('repaired', {'lost_entries': lost}, utc_now(), sync=True)

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _close_files(self) -> None:
        for descriptor in (self._file, self._head_file):
            if descriptor is not None:
                os.close(descriptor)
        self._file = self._head_file = None


def _write_whole(descriptor: int, content: bytes) -> None:
    written = os.write(descriptor, content)
    if written != len(content):
        # A disk takes what fits and refuses only the next write.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _cut(descriptor: int, size: int) -> None:
    """Take back what was written of an entry; where that fails, opening repairs it."""
    try:
        os.ftruncate(descriptor, size)
    except OSError as error:
        logger.debug('the torn end of the record stays until it is opened again: %s', error)
