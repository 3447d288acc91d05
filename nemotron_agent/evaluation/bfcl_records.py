"""Lines of JSON with an id, and what is wrong with one of them."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.problems import shown


class BfclError(ConfigurationError):
    """A case that cannot be read: file, line, case, key and what to do."""


class LeftOutError(Exception):
    """A case that is well written and cannot be held here; says why."""


@dataclasses.dataclass(frozen=True)
class Record:
    """One line of a file."""

    file: Path
    line: int
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its id."""
        return str(self.data['id'])

    def value(self, key: str, kind: type, form: str) -> Any:
        """Give what stands under a key.

        Raises:
            BfclError: it is missing, or no `kind`; `form` shows how it is to be.
        """
        if key not in self.data:
            raise self.error(key, 'this key is missing', f'add {form}')
        return self.checked(self.data[key], kind, key, form)

    def checked(self, value: Any, kind: type, key: str, form: str) -> Any:
        """Give a value back.

        Raises:
            BfclError: it is no `kind`.
        """
        if not isinstance(value, kind):
            raise self.error(key, f'{shown(value)} is not as it must be', f'write {form}')
        return value

    def error(self, key: str, problem: str, remedy: str) -> BfclError:
        """Make the error for what stands under a key."""
        where = f'{self.file}:{self.line}: case "{self.data.get("id", "")}"'
        return BfclError(f'{where}: {key}: {problem}: {remedy}')


def read_records(file: Path) -> list[Record]:
    """Read a file.

    Raises:
        BfclError: it cannot be read, or a line is no object with an id of its own.
    """
    try:
        lines = file.read_text(encoding='utf-8').split('\n')
    except (OSError, UnicodeDecodeError) as error:
        raise BfclError(f'cannot read {file}: {error}') from error
    records: list[Record] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        record = Record(file, number, _object(file, number, line))
        name = record.value('id', str, '"id": "simple_0"')
        if name in seen:
            raise record.error('id', 'another case has this id', 'rename one')
        seen.add(name)
        records.append(record)
    return records


def _object(file: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BfclError(
            f'{file}:{number}: this is no JSON ({error}): write one object a line'
        ) from error
    if not isinstance(value, dict):
        raise BfclError(f'{file}:{number}: {shown(value)} is no object: write {{"id": ...}}')
    return value
