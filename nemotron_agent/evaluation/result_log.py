"""Finished conversations, a line of JSON each, written as soon as there is one."""

import json
import os
from pathlib import Path
from typing import Any

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.json_text import to_json

KEYS = {'key', 'conversation', 'digest', 'robot_digest', 'repeat', 'settings', 'turns'}


class ResultLog:
    """A file of records that only grows; of two with one key the later counts.

    A line that was cut off when a run was killed is dropped.

    Raises:
        ConfigurationError: the file cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open('ab+') as file:
                self._drop_cut_line(file)
        except OSError as error:
            raise ConfigurationError(
                f'cannot write the results to {path}: {error.strerror}: give another --report DIR'
            ) from error

    def records(self) -> list[dict[str, Any]]:
        """All records, oldest first."""
        return read_records(self.path)

    def append(self, record: dict[str, Any]) -> None:
        """Write a record; when this returns it is on disk."""
        with self.path.open('ab') as file:
            file.write(f'{to_json(record)}\n'.encode())
            file.flush()
            os.fsync(file.fileno())

    def _drop_cut_line(self, file: Any) -> None:
        file.seek(0)
        content = file.read()
        if content and not content.endswith(b'\n'):
            file.truncate(content.rfind(b'\n') + 1)


def read_records(path: Path) -> list[dict[str, Any]]:
    """Read the records of a log, oldest first.

    Raises:
        ConfigurationError: the file cannot be read, or a line of it is no record.
    """
    try:
        lines = path.read_text(encoding='utf-8').splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f'cannot read the results {path}: {error}') from error
    return [_record(path, number, line) for number, line in enumerate(lines, 1)]


def _record(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        record = None
    if not isinstance(record, dict) or not record.keys() >= KEYS:
        raise ConfigurationError(
            f'{path}:{number}: this is no result of a conversation: remove the line or the file'
        )
    return record
