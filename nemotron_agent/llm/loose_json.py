"""JSON as models write it."""

import json
import re
from typing import Any

STRING = r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\''
_PIECE = re.compile(rf'{STRING}|[+\-.\w]+|,(?=\s*[}}\]])', re.DOTALL)
_NUMBER = re.compile(r'\+?(-?)(\d*)(?:\.(\d*))?([eE][+-]?\d+)?', re.ASCII)
_WORDS = {'True': 'true', 'False': 'false', 'None': 'null', ',': ''}


def loads(text: str) -> Any:
    """Read JSON, also with Python's literals and quotes, doubled braces or a comma too many.

    Raises:
        ValueError: it is not that; a number is not finite; an object has two values for a key.
        RecursionError: it is nested too deeply.
    """
    try:
        value = _read(text)
    except ValueError as error:
        if text.startswith('{{') and text.endswith('}}'):
            return loads(text[1:-1])
        mended = _PIECE.sub(lambda piece: _mended(piece[0]), text)
        if mended == text:
            raise
        value = _read_or(mended, error)
    written = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return json.loads(written.encode('utf-8', 'replace'))


def _read(text: str) -> Any:
    return json.loads(text, strict=False, object_pairs_hook=_object)


def _read_or(text: str, first_error: ValueError) -> Any:
    try:
        return _read(text)
    except ValueError:
        raise first_error from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value: dict[str, Any] = {}
    for key, item in pairs:
        if key in value and value[key] != item:
            raise ValueError(f'"{key}" has two values')
        value[key] = item
    return value


def _mended(piece: str) -> str:
    """A string, word, number or last comma in JSON, if it is one that Python knows."""
    if piece.startswith("'"):
        body = piece[1:-1].replace("\\'", "'")
        return '"' + re.sub(r'\\.|"', _escaped, body, flags=re.DOTALL) + '"'
    number = _NUMBER.fullmatch(piece)
    if number and (number[2] or number[3]):
        sign, whole, part, exponent = number.groups()
        return f'{sign}{whole or 0}{f".{part}" if part else ""}{exponent or ""}'
    return _WORDS.get(piece, piece)


def _escaped(match: re.Match[str]) -> str:
    return '\\"' if match[0] == '"' else match[0]
