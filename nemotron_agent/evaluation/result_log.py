"""Finished conversations, a line of JSON each, written as soon as there is one."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.json_text import to_json


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
        return list(_lines(self.path))

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


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise ConfigurationError(
                f'{path}:{number}: this is no result ({error}): remove the line or the file'
            ) from error
        if not isinstance(record, dict):
            raise ConfigurationError(f'{path}:{number}: this is no result: remove the line')
        yield record
