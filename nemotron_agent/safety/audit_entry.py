"""One entry of the record: a line of JSON that carries its own hash and the one before it.

A line is one JSON object in ASCII, without spaces: `sequence`, `time`, `event`, what belongs to
the event, `previous`, and last `hash`. `hash` is the SHA-256 of the bytes of the same line without
that member; `previous` is the `hash` of the line before, 64 zeros in the first. So lines are
checked as they are, and keys keep the order they had, as the model saw them.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

FORMAT = 1
NO_HASH = '0' * 64
MAX_LINE_BYTES = 1 << 18
_MAX_DEPTH = 64
_LINE = re.compile(rb'(\{.*),"hash":"([0-9a-f]{64})"\}', re.DOTALL)


class AuditLineError(Exception):
    """A line that is no whole entry; the text says why."""


@dataclasses.dataclass(frozen=True)
class AuditEntry:
    """An entry.

    Attributes:
        sequence: its number in the record, from 0.
        time: when it was noted, UTC, as `2026-01-31T12:00:00.000000Z`.
        event: what kind of entry it is.
        fields: what belongs to the event; JSON values.
        previous: hash of the entry before.
        hash: its own.
    """

    sequence: int
    time: str
    event: str
    fields: Mapping[str, Any]
    previous: str
    hash: str


def encode_entry(
    sequence: int, time: str, event: str, fields: Mapping[str, Any], previous: str
) -> tuple[AuditEntry, bytes]:
    """Make an entry and its line, without the newline, of `recordable` fields.

    A line longer than MAX_LINE_BYTES is shortened: its longest fields are replaced by their size
    and hash.
    """
    head = {'sequence': sequence, 'time': time, 'event': event}
    body = compact_json({**head, **fields, 'previous': previous})
    while len(body) > MAX_LINE_BYTES:
        fields = _without_longest(fields)
        body = compact_json({**head, **fields, 'previous': previous})
    own = hashlib.sha256(body).hexdigest()
    line = body[:-1] + f',"hash":"{own}"}}'.encode()
    return AuditEntry(sequence, time, event, fields, previous, own), line


def decode_line(line: bytes) -> AuditEntry:
    """Read a line without its newline, and check its hash.

    Raises:
        AuditLineError: it is no entry, or not as it was written.
    """
    parts = _LINE.fullmatch(line)
    if parts is None:
        raise AuditLineError('it is no entry of a record, or cut off')
    body = parts[1] + b'}'
    own = parts[2].decode()
    if hashlib.sha256(body).hexdigest() != own:
        raise AuditLineError('its content does not fit its hash')
    try:
        content = json.loads(body)
        chain = {key: content.pop(key) for key in ('sequence', 'time', 'event', 'previous')}
    except (ValueError, KeyError, RecursionError) as error:
        raise AuditLineError('it is no entry of a record') from error
    if not isinstance(chain['sequence'], int) or not isinstance(chain['event'], str):
        raise AuditLineError('it is no entry of a record')
    return AuditEntry(**chain, fields=content, hash=own)


def compact_json(value: Mapping[str, Any]) -> bytes:
    """JSON without spaces; ASCII, all other characters escaped."""
    return json.dumps(value, separators=(',', ':'), allow_nan=False).encode()


def recordable(value: Any, depth: int = 0) -> Any:
    """Copy a value as JSON has it: `NaN` and infinities as text, what JSON lacks as its `str`."""
    if depth > _MAX_DEPTH:
        return '[nested too deep]'
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return float(value) if value - value == 0.0 else str(value)
    if isinstance(value, int):
        # Python does not write longer ones as text, nor read them back.
        return int(value) if abs(value) < 10**1000 else f'[integer of {value.bit_length()} bits]'
    if isinstance(value, Mapping):
        return {str(key): recordable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [recordable(item, depth + 1) for item in value]
    return str(value)


def _without_longest(fields: Mapping[str, Any]) -> dict[str, Any]:
    sizes = {name: compact_json({name: value}) for name, value in fields.items()}
    longest = max(sizes, key=lambda name: len(sizes[name]))
    cut = {
        'cut_bytes': len(sizes[longest]),
        'sha256': hashlib.sha256(sizes[longest]).hexdigest(),
    }
    return {**fields, longest: cut}
