"""Pieces of llguidance's Lark: literals, markers, and JSON values of a schema."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.llm.number_regex import number_regex
from nemotron_agent.llm.quantities import shown_units

DEFAULT_MAX_CHARACTERS = 400
MAX_CHARACTERS = 2000
DEFAULT_MAX_ITEMS = 16
MAX_ITEMS = 256
_PLAIN_KEYS = frozenset(
    ('type', 'enum', 'const', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum')
    + ('minLength', 'maxLength', 'items', 'minItems', 'maxItems')
    + ('title', 'description', 'default', 'examples', 'unit', 'format', 'readOnly', 'deprecated')
)


@dataclasses.dataclass(frozen=True)
class Marker:
    """Text that begins or ends a call; `token` is its special token, if it is one."""

    text: str
    token: int | None = None

    @property
    def rule(self) -> str:
        """The marker in a grammar."""
        return literal(self.text) if self.token is None else f'<[{self.token}]>'


def literal(text: str) -> str:
    """A string literal."""
    return json.dumps(text, ensure_ascii=False)


def properties_of(tool_name: str, parameters: Mapping[str, Any]) -> list[tuple[str, Any, bool]]:
    """Name, schema and whether required, of each argument in schema order.

    Raises:
        ConfigurationError: the schema is not of a plain object.
    """
    properties = parameters.get('properties', {})
    if parameters.get('type') != 'object' or not isinstance(properties, Mapping):
        raise ConfigurationError(f'tool {tool_name}: its parameters are no schema of an object')
    required = parameters.get('required', ())
    return [(name, schema, name in required) for name, schema in properties.items()]


def json_value(schema: Mapping[str, Any], where: str) -> str:
    """Expression for a value of a schema, in JSON with the spacing of Python's `json.dumps`.

    Args:
        schema: of a string, number, integer, boolean, null, or an array of these.
        where: tool and argument, for the error.

    Raises:
        ConfigurationError: the schema uses what is not supported, or allows nothing.
    """
    _check_keys(schema, where)
    listed = listed_values(schema)
    if listed is not None:
        return _any_of([literal(json.dumps(value, ensure_ascii=False)) for value in listed])
    kind = schema.get('type')
    if kind == 'string' and shown_units(schema):
        return quantity(schema, quote='"')
    if kind == 'string':
        least, most = character_limits(schema)
        return rf'/"([^"\\\x00-\x1f]|\\["\\nrtbf]){{{least},{most}}}"/'
    if kind in ('number', 'integer'):
        return f'/{_number(schema, where)}/'
    if kind == 'boolean':
        return '("true" | "false")'
    if kind == 'null':
        return '"null"'
    if kind == 'array':
        return _array(schema, where)
    raise ConfigurationError(f'{where}: the type {kind!r} is not supported')


def listed_values(schema: Mapping[str, Any]) -> Sequence[Any] | None:
    """The values of `enum` or `const`, None if there is neither."""
    if 'const' in schema:
        return [schema['const']]
    values = schema.get('enum')
    return list(values) if values is not None else None


def quantity_regex(schema: Mapping[str, Any]) -> str:
    """Regular expression of a number with a unit; bounds but 0 are the call's to check."""
    units = '|'.join(shown_units(schema))
    sign = '' if schema.get('minimum') == 0 else '-?'
    return f'{sign}(0|[1-9][0-9]{{0,4}})([.][0-9]{{1,3}})? ({units})'


def quantity(schema: Mapping[str, Any], quote: str = '') -> str:
    """Expression for a number with a unit."""
    escaped = quantity_regex(schema).replace('/', r'\/')
    return f'/{quote}{escaped}{quote}/'


def character_limits(schema: Mapping[str, Any]) -> tuple[int, int]:
    """Least and most characters of a string; there is always a most, so that it ends."""
    least = int(schema.get('minLength', 0))
    most = min(int(schema.get('maxLength', max(DEFAULT_MAX_CHARACTERS, least))), MAX_CHARACTERS)
    return min(least, most), most


def sequence(items: Sequence[tuple[str, bool]], separator: str) -> str:
    """Items in order with separators between them; those not required may be missing."""
    after, first = '', ''
    for expression, is_required in reversed(items):
        sooner = f'{expression} {after}'.strip()
        later = f'{literal(separator)} {expression}'
        if is_required:
            first = sooner
            after = f'{later} {after}'.strip()
        else:
            first = f'({sooner} | {first})' if first else f'({sooner})?'
            after = f'({later})? {after}'.strip()
    return first


def _check_keys(schema: Mapping[str, Any], where: str) -> None:
    unknown = sorted(set(schema) - _PLAIN_KEYS)
    if unknown:
        raise ConfigurationError(f'{where}: the schema keyword "{unknown[0]}" is not supported')
    if listed_values(schema) == []:
        raise ConfigurationError(f'{where}: enum is empty, so no value is allowed')


def _number(schema: Mapping[str, Any], where: str) -> str:
    lows = [(schema[k], k != 'minimum') for k in ('minimum', 'exclusiveMinimum') if k in schema]
    highs = [(schema[k], k != 'maximum') for k in ('maximum', 'exclusiveMaximum') if k in schema]
    low, open_low = max(lows, default=(None, False))
    high, open_high = min(highs, key=lambda bound: (bound[0], not bound[1]), default=(None, False))
    try:
        return number_regex(
            low,
            high,
            integer=schema['type'] == 'integer',
            open_low=open_low,
            open_high=open_high,
        )
    except ConfigurationError as error:
        raise ConfigurationError(f'{where}: {error}') from error


def _array(schema: Mapping[str, Any], where: str) -> str:
    least = int(schema.get('minItems', 0))
    most = min(int(schema.get('maxItems', max(DEFAULT_MAX_ITEMS, least))), MAX_ITEMS)
    least = min(least, most)
    items = schema.get('items', {})
    if items.get('type') == 'array':
        raise ConfigurationError(f'{where}: arrays of arrays are not supported')
    item = json_value(items, where)
    if most == 0:
        return '"[]"'
    rest = f'(", " {item}){{{max(least - 1, 0)},{most - 1}}}'
    filled = f'"[" {item} {rest} "]"'
    return filled if least else f'({filled} | "[]")'


def _any_of(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f'({" | ".join(parts)})'
