"""The end of a record's newest file, and what a crash left there."""

import dataclasses
import os
from pathlib import Path

from nemotron_agent.safety.audit_entry import AuditEntry, AuditLineError, decode_line

END_BYTES = 4 << 20


@dataclasses.dataclass(frozen=True)
class Tail:
    """Where a file ends.

    Attributes:
        last: its last whole entry; None if it has none.
        good_bytes: length of the file up to the end of that entry.
        torn: what follows it.
    """

    last: AuditEntry | None
    good_bytes: int
    torn: bytes


def read_tail(path: Path) -> Tail:
    """Find the last whole entry of a file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open('rb') as file:
        size = file.seek(0, os.SEEK_END)
        # What is torn is mostly short; a file may be larger than the memory that is left.
        for begin in (max(0, size - END_BYTES), 0):
            file.seek(begin)
            tail = _tail_of(file.read(), begin)
            if tail.last is not None:
                break
        return tail


def _tail_of(content: bytes, begin: int) -> Tail:
    """Find the last whole entry in the end of a file that begins at a byte of it."""
    end = content.rfind(b'\n') + 1
    while end:
        start = content.rfind(b'\n', 0, end - 1) + 1
        try:
            return Tail(decode_line(content[start : end - 1]), begin + end, content[end:])
        except AuditLineError:
            end = start
    return Tail(None, 0, content)


def move_aside(path: Path, tail: Tail) -> Path:
    """Cut what is torn off a file, and keep it in one beside it.

    Raises:
        OSError: the disk fails; the file is as it was.
    """
    number = 1
    while (aside := path.with_suffix(f'.torn-{number}')).exists():
        number += 1
    with aside.open('xb') as file:
        file.write(tail.torn)
        file.flush()
        os.fsync(file.fileno())
    os.truncate(path, tail.good_bytes)
    return aside
