"""Reads the lines of a record, whole or not."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.safety.audit_entry import AuditEntry, AuditLineError, decode_line
from nemotron_agent.safety.audit_folder import AuditFolder


@dataclasses.dataclass(frozen=True)
class AuditLine:
    """A line: where it is, and its entry, or what is wrong with it."""

    path: Path
    number: int
    entry: AuditEntry | None
    problem: str = ''


def record_files(record: Path) -> list[Path]:
    """The files of a record, oldest first; `record` is its folder, or one file of it.

    Raises:
        ConfigurationError: there is no record.
    """
    if record.is_file():
        return [record]
    folder = AuditFolder(record)
    try:
        numbers = folder.numbers()
    except OSError as error:
        raise ConfigurationError(f'cannot read the record {record}: {error.strerror}') from error
    if not numbers:
        raise ConfigurationError(f'{record} holds no record: give the folder that a node writes')
    return [folder.file(number) for number in numbers]


def read_lines(path: Path) -> Iterator[AuditLine]:
    """Read the lines of a file.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        with path.open('rb') as file:
            for number, line in enumerate(file, 1):
                yield _read(path, number, line)
    except OSError as error:
        raise ConfigurationError(f'cannot read the record {path}: {error.strerror}') from error


def read_entries(
    record: Path, on_broken: Callable[[AuditLine], None] = lambda line: None
) -> Iterator[AuditEntry]:
    """Read the entries of a record, oldest first; `on_broken` takes the lines that are none.

    Raises:
        ConfigurationError: there is no record, or it cannot be read.
    """
    for path in record_files(record):
        for line in read_lines(path):
            if line.entry is not None:
                yield line.entry
            else:
                on_broken(line)


def _read(path: Path, number: int, line: bytes) -> AuditLine:
    try:
        entry = decode_line(line.removesuffix(b'\n'))
    except AuditLineError as error:
        return AuditLine(path, number, None, str(error))
    if not line.endswith(b'\n'):
        return AuditLine(path, number, None, 'it does not end: the newline is missing')
    return AuditLine(path, number, entry)
