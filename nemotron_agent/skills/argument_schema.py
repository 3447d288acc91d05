"""JSON Schema of a skill's arguments: one level, described, bounded, closed."""

from collections.abc import Sequence
from typing import Any

from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import Places
from nemotron_agent.skills.skill import Skill

JSON_TYPES = {'boolean': 'boolean', 'integer': 'integer', 'float': 'number', 'string': 'string'}


def tool_spec(skill: Skill, places: Places, inputs: Sequence[Parameter] | None = None) -> ToolSpec:
    """Make what the model is told of a skill; `inputs` replace the manifest's arguments."""
    inputs = skill.inputs if inputs is None else inputs
    return ToolSpec(
        skill.id,
        ' '.join(skill.description.split()),
        argument_schema(inputs, places),
        reads=skill.reads,
        aliases=aliases(inputs, places),
    )


def argument_schema(inputs: Sequence[Parameter], places: Places) -> dict[str, Any]:
    """Make the schema (2020-12) of arguments."""
    return {
        'type': 'object',
        'properties': {p.argument: _property(p, places) for p in inputs},
        'required': [p.argument for p in inputs if p.required],
        'additionalProperties': False,
    }


def aliases(inputs: Sequence[Parameter], places: Places) -> dict[str, tuple[str, ...]]:
    """Collect other words for the listed values of arguments, by value."""
    found: dict[str, tuple[str, ...]] = {}
    for parameter in inputs:
        also = places.also if parameter.takes_place else parameter.also
        for value, names in also.items():
            if names:
                known = found.get(str(value), ())
                found[str(value)] = tuple(dict.fromkeys((*known, *names)))
    return found


def _property(parameter: Parameter, places: Places) -> dict[str, Any]:
    item: dict[str, Any] = {'type': JSON_TYPES[parameter.item_type]}
    if parameter.enum is not None:
        values = places.names if parameter.enum == 'places' else parameter.enum
        item['enum'] = list(values)
    if parameter.minimum is not None:
        item['minimum'] = parameter.minimum
    if parameter.maximum is not None:
        item['maximum'] = parameter.maximum
    if parameter.unit and not parameter.is_list:
        item['unit'] = parameter.unit
    description = _description(parameter)
    if parameter.is_list:
        schema: dict[str, Any] = {'type': 'array', 'description': description, 'items': item}
        if parameter.max_length is not None:
            schema['maxItems'] = parameter.max_length
    else:
        schema = {'type': item.pop('type'), 'description': description, **item}
        if parameter.max_length is not None:
            schema['maxLength'] = parameter.max_length
    if parameter.default is not None:
        default = parameter.default
        schema['default'] = list(default) if isinstance(default, tuple) else default
    return schema


def _description(parameter: Parameter) -> str:
    words = ' '.join(parameter.description.split()) or parameter.argument.replace('_', ' ')
    return f'{words.rstrip(".")} [{parameter.unit}].' if parameter.unit else words
