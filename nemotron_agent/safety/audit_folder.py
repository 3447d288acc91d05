"""The folder of one node's record.

record-000001.jsonl ...    entries, oldest first; a new file begins when one is full
record-000001.torn-...     what was cut off the end of a file after a crash
head.json                  the last entry's number and hash, so that a missing end is found
lock                       held by the node that writes
"""

import dataclasses
import fcntl
import json
import os
import re
from pathlib import Path

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.safety.audit_entry import AuditEntry, compact_json

HEAD_BYTES = 128
_FILE = re.compile(r'record-(\d{6,})\.jsonl')


@dataclasses.dataclass(frozen=True)
class Head:
    """The last entry, as `head.json` names it."""

    sequence: int
    hash: str

    def encoded(self) -> bytes:
        """The content of the file; always of the same length, so that it is written in place."""
        content = compact_json({'sequence': self.sequence, 'hash': self.hash})
        return content.ljust(HEAD_BYTES - 1) + b'\n'

    @classmethod
    def decoded(cls, content: bytes) -> 'Head | None':
        """Read the content of the file; None if it is not as it was written."""
        try:
            values = json.loads(content)
            head = cls(values['sequence'], values['hash'])
        except (ValueError, KeyError, TypeError):
            return None
        return head if isinstance(head.sequence, int) and head.encoded() == content else None

    @classmethod
    def of(cls, entry: AuditEntry) -> 'Head':
        """Name an entry."""
        return cls(entry.sequence, entry.hash)


class AuditFolder:
    """Names of the files in the folder of a record."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.head = path / 'head.json'

    def file(self, number: int) -> Path:
        """The file of a number."""
        return self.path / f'record-{number:06d}.jsonl'

    def numbers(self) -> list[int]:
        """Numbers of the files that are there, oldest first.

        Raises:
            OSError: the folder cannot be read.
        """
        names = [_FILE.fullmatch(name) for name in os.listdir(self.path)]
        return sorted(int(name[1]) for name in names if name)

    def read_head(self) -> bytes:
        """The content of `head.json`; empty if there is none.

        Raises:
            OSError: it cannot be read.
        """
        try:
            return self.head.read_bytes()
        except FileNotFoundError:
            return b''

    def lock(self) -> int:
        """Take the folder for this process; return a file descriptor that holds it until closed.

        Raises:
            ConfigurationError: another process, or another node of this one, holds it.
            OSError: the lock cannot be made.
        """
        descriptor = os.open(self.path / 'lock', os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise ConfigurationError(
                f'another node writes the record in {self.path}: end it, or give this one another '
                'name, namespace or audit_folder'
            ) from error
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def sync(self) -> None:
        """Make the names of new files last.

        Raises:
            OSError: the disk fails.
        """
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
