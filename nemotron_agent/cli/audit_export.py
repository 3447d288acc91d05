"""A record for other programs."""

import csv
import json
from collections.abc import Iterable
from typing import IO, Any

from nemotron_agent.safety.audit_entry import AuditEntry

COLUMNS = (
    'sequence',
    'time',
    'event',
    'task',
    'request',
    'conversation',
    'origin',
    'skill',
    'arguments',
    'verdict',
    'rule',
    'reason',
    'state',
    'outcome',
    'goal',
    'text',
)
# What a spreadsheet takes for a formula.
_FORMULA = ('=', '+', '-', '@', '\t', '\r')


def entry_values(entry: AuditEntry) -> dict[str, Any]:
    """All of an entry, flat."""
    chain = {'sequence': entry.sequence, 'time': entry.time, 'event': entry.event}
    return {**chain, **entry.fields, 'previous': entry.previous, 'hash': entry.hash}


def write_json(file: IO[str], entries: Iterable[AuditEntry]) -> None:
    """Write a line of JSON for each entry."""
    for entry in entries:
        file.write(f'{json.dumps(entry_values(entry))}\n')


def write_csv(file: IO[str], entries: Iterable[AuditEntry]) -> None:
    """Write a table: COLUMNS, and all that has no column of its own as JSON in `other`.

    A text that a spreadsheet would take for a formula gets a quote before it.
    """
    writer = csv.writer(file)
    writer.writerow([*COLUMNS, 'other'])
    for entry in entries:
        values = entry_values(entry)
        row = [_cell(values.pop(name, '')) for name in COLUMNS]
        writer.writerow([*row, json.dumps(values)])


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value)
    if isinstance(value, str):
        # A lone surrogate has no UTF-8.
        text = value.encode('utf-8', 'backslashreplace').decode()
        return f"'{text}" if text.startswith(_FORMULA) else text
    return value
