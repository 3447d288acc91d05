"""Numbers with units, as a model sees them: it copies what was said, and code converts.

A small model copies "40 cm" well and converts it badly. So a number whose schema names a unit is
shown as text of a number and any unit of its kind, and is a number again in the call.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.said import Said
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.core.units import kind_of

_SHOWN = re.compile(r'<number> <([^>]+)>')
_WRITTEN = re.compile(r'\s*(-?[\d.]+)\s*(\S*)\s*')


def shown_units(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Units that a text of a number and a unit may have; empty if the schema is of none."""
    match = _SHOWN.fullmatch(str(schema.get('format', '')))
    return tuple(match[1].split('|')) if match else ()


def with_units(spec: ToolSpec) -> ToolSpec:
    """A tool as the model is to see it."""
    properties = spec.parameters.get('properties', {})
    shown = {name: _shown(schema) for name, schema in properties.items()}
    if shown == properties:
        return spec
    return dataclasses.replace(spec, parameters={**spec.parameters, 'properties': shown})


def as_allowed(shown: ToolSpec, asked: ToolSpec, said: Said) -> ToolSpec:
    """A tool as its calls may be written: a tool as shown, with what its values may be.

    Args:
        shown: as the model sees it.
        asked: with the schemas that its calls must fit in the end.
        said: what the command tells.
    """
    properties = shown.parameters.get('properties', {})
    allowed = {
        name: _allowed(schema, asked.parameters['properties'][name], said)
        for name, schema in properties.items()
    }
    if allowed == properties:
        return shown
    return dataclasses.replace(shown, parameters={**shown.parameters, 'properties': allowed})


def without_units(call: ToolCall, spec: ToolSpec) -> ToolCall:
    """A call with the numbers that the tool's own schema asks for.

    What is no number with a known unit stays as it is, for the schema to refuse.
    """
    properties = spec.parameters.get('properties', {})
    arguments = {
        name: _number(value, properties.get(name, {})) for name, value in call.arguments.items()
    }
    return dataclasses.replace(call, arguments=arguments)


def _kind(schema: Mapping[str, Any]) -> Mapping[str, float]:
    """The units of a number's kind; empty if it has no unit, or one that has no others."""
    if schema.get('type') not in ('number', 'integer') or 'enum' in schema or 'const' in schema:
        return {}
    return kind_of(str(schema.get('unit', '')))


def _shown(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = _kind(schema)
    if not kind:
        return schema
    unit = schema['unit']
    units = [unit, *(other for other in kind if other != unit)]
    described = str(schema.get('description', '')).replace(f' [{unit}]', '').rstrip('.')
    low, high = schema.get('minimum'), schema.get('maximum')
    if low is not None and high is not None:
        described += f', {low:g} to {high:g} {unit}'
    return {
        'type': 'string',
        'description': f'{described}.',
        'format': f'<number> <{"|".join(units)}>',
    }


def _allowed(shown: Mapping[str, Any], asked: Mapping[str, Any], said: Said) -> Mapping[str, Any]:
    listed = [value for value in shown.get('enum', ()) if value in said.listed]
    if listed:
        return {**shown, 'enum': listed}
    if not shown_units(shown) or shown == asked:
        return shown
    told = said.quantities.get(asked['unit'], ())
    if told:
        return {'type': 'string', 'enum': [f'{each.value:g} {each.unit}' for each in told]}
    # Where nothing is negative, a sign only says again what another argument says already.
    return {**shown, 'minimum': 0} if asked.get('minimum', -1) >= 0 else shown


def _number(value: Any, schema: Mapping[str, Any]) -> Any:
    kind = _kind(schema)
    match = _WRITTEN.fullmatch(value) if kind and isinstance(value, str) else None
    if match is None or (match[2] and match[2] not in kind):
        return value
    try:
        number = float(match[1])
    except ValueError:
        return value
    unit = match[2] or schema['unit']
    converted = round(number * kind[unit] / kind[schema['unit']], 6)
    return int(converted) if converted.is_integer() else converted
