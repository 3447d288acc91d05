"""BFCL's functions as tools: JSON Schema of one level, names that a model can write."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from nemotron_agent.core.builtin_tools import RESERVED_NAMES
from nemotron_agent.core.problems import near_miss, shown
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.evaluation.bfcl_records import LeftOutError, Record

TYPES = {
    'dict': 'object',
    'object': 'object',
    'list': 'array',
    'array': 'array',
    'tuple': 'array',
    'float': 'number',
    'number': 'number',
    'integer': 'integer',
    'string': 'string',
    'boolean': 'boolean',
    'null': 'null',
}
SCALARS = ('number', 'integer', 'string', 'boolean', 'null')
_FOREIGN = frozenset(
    'any Any Array ArrayList Bigint Boolean HashMap Hashtable Integer Queue Set Stack String byte '
    'char double long short any[] char[]'.split()
)
_KEPT = ('enum', 'minimum', 'maximum', 'minItems', 'maxItems', 'minLength', 'maxLength')
_FORM = '"function": [{"name": ..., "description": ..., "parameters": {"type": "dict", ...}}]'


def tool_name(name: str) -> str:
    """The name of a function in letters, digits and `_`."""
    return re.sub(r'\W', '_', name, flags=re.ASCII)


def tool_specs(record: Record) -> tuple[ToolSpec, ...]:
    """The functions of a case as tools.

    Raises:
        BfclError: one is not written as it must be.
        LeftOutError: one has arguments of a kind that no tool here can have.
    """
    functions = record.value('function', list, _FORM)
    specs: dict[str, ToolSpec] = {}
    for index, function in enumerate(functions):
        key = f'function[{index}]'
        record.checked(function, dict, key, _FORM)
        name = tool_name(record.checked(function.get('name'), str, f'{key}.name', _FORM))
        if name in specs or name in RESERVED_NAMES or not name:
            raise LeftOutError(f'the name {shown(name)} is taken')
        properties = flat_properties(record, function, key)
        parameters = {
            'type': 'object',
            'properties': {each: schema for each, schema, _ in properties},
            'required': [each for each, _, is_required in properties if is_required],
            'additionalProperties': False,
        }
        specs[name] = ToolSpec(name, str(function.get('description', '')), parameters)
    return tuple(specs.values())


def flat_properties(
    record: Record, function: Mapping[str, Any], key: str
) -> list[tuple[str, dict[str, Any], bool]]:
    """Name, schema and whether required of all arguments; those in an object stand beside it."""
    key = f'{key}.parameters'
    parameters = record.checked(function.get('parameters', {}), dict, key, _FORM)
    found = list(_flat(record, parameters, key, '', True))
    names = [name for name, _, _ in found]
    if len(set(names)) < len(names):
        raise LeftOutError(f'{function["name"]} has two arguments of one name')
    return found


def _flat(
    record: Record, parameters: Mapping[str, Any], key: str, prefix: str, all_required: bool
) -> Iterator[tuple[str, dict[str, Any], bool]]:
    key = f'{key}.properties'
    properties = record.checked(parameters.get('properties', {}), dict, key, '{name: schema}')
    required = parameters.get('required') or ()
    for name, schema in properties.items():
        where = f'{key}.{name}'
        record.checked(schema, dict, where, '{"type": "string", ...}')
        is_required = all_required and name in required
        if is_object(record, schema, where):
            if not schema.get('properties'):
                raise LeftOutError(f'{prefix}{name} is an object of any form')
            yield from _flat(record, schema, where, f'{prefix}{name}_', is_required)
        else:
            yield f'{prefix}{name}', _schema(record, schema, where), is_required


def is_object(record: Record, schema: Mapping[str, Any], where: str) -> bool:
    """Whether an argument is an object."""
    return _type(record, schema, where) == 'object'


def _type(record: Record, schema: Mapping[str, Any], where: str) -> str:
    kind = schema.get('type')
    if kind in _FOREIGN:
        raise LeftOutError(f'{shown(kind)} is no type of JSON')
    if not isinstance(kind, str) or kind not in TYPES:
        raise record.error(
            f'{where}.type', f'{shown(kind)} is no type', near_miss(str(kind), TYPES)
        )
    return TYPES[kind]


def _schema(record: Record, schema: Mapping[str, Any], where: str) -> dict[str, Any]:
    kind = _type(record, schema, where)
    description = str(schema.get('description', '')).strip()
    if 'default' in schema and 'default' not in description.lower():
        description += f' Default: {json.dumps(schema["default"], ensure_ascii=False)}.'
    made: dict[str, Any] = {'type': kind, 'description': description.strip()}
    made |= {name: schema[name] for name in _KEPT if name in schema}
    if kind == 'array':
        items = schema.get('items')
        if not isinstance(items, Mapping) or _type(record, items, f'{where}.items') not in SCALARS:
            raise LeftOutError(f'{where.rpartition(".")[2]} is a list of other than plain values')
        made['items'] = {'type': _type(record, items, f'{where}.items')}
        made['items'] |= {name: items[name] for name in _KEPT if name in items}
    if made.get('enum') == []:
        raise record.error(f'{where}.enum', 'no value is allowed', 'add one or remove "enum"')
    return made
