"""Whether a skill fits its ROS type: found when it is loaded, not when the robot is to move."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rosidl_parser.definition import AbstractNestedType, NamespacedType

from nemotron_agent.core.problems import near_miss, shown
from nemotron_agent.core.yaml_document import KeyPath
from nemotron_agent.ros.interface_schema import request_class
from nemotron_agent.ros.interface_types import load_interface
from nemotron_agent.ros.message_conversion import (
    FieldError,
    fields_of,
    message_from_dict,
    type_text,
)
from nemotron_agent.skills.manifest import Manifest
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import Places
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.skills.result_text import attribute_paths
from nemotron_agent.skills.skill import Skill
from nemotron_agent.skills.skill_checks import NUMBER_TYPES

SAMPLES: Mapping[str, tuple[Any, ...]] = {
    'boolean': (False, True),
    'integer': (0,),
    'float': (0.5,),
    'string': ('a',),
}


def check_fit(
    manifest: Manifest,
    skill: Skill,
    interface: Any,
    inputs: Sequence[Parameter],
    template: RequestTemplate,
    places: Places,
) -> None:
    """See that arguments go into the request, and that the fields the rules name exist.

    Raises:
        DocumentError: something does not fit.
    """
    if not skill.reads:
        message_class = request_class(skill, interface)
        for arguments in _sample_arguments(inputs, places):
            _check_request(manifest, skill, message_class, inputs, template.fill(arguments))
    types = {parameter.argument: parameter.type for parameter in inputs}
    names = tuple(types)
    for name in skill.limits:
        keys: KeyPath = ('limits', name)
        if name not in types:
            message = f'there is no argument {shown(name)}'
            raise manifest.error(skill, keys, message, near_miss(name, names))
        if types[name] not in NUMBER_TYPES:
            message = f'{shown(name)} is a {types[name]}'
            raise manifest.error(skill, keys, message, 'limit numbers only')
    result_class = _result_class(skill, interface)
    for keys, root, path in _paths_of(skill):
        if root == 'arguments' and path and path[0] not in names:
            message = f'there is no argument {shown(path[0])}'
            raise manifest.error(skill, keys, message, near_miss(path[0], names))
        if root == 'result':
            problem = _missing(result_class, path)
            if problem:
                raise manifest.error(skill, keys, *problem)


def _check_request(
    manifest: Manifest,
    skill: Skill,
    message_class: Any,
    inputs: Sequence[Parameter],
    fields: Mapping[str, Any],
) -> None:
    for path, value in fields.items():
        try:
            message_from_dict(message_class, {path: value})
        except FieldError as error:
            keys: KeyPath = ('request', path)
            if skill.request is None:
                names = [parameter.name for parameter in inputs]
                keys = ('parameters', 'in', names.index(path)) if skill.parameters else ()
            remedy = 'correct the request' if skill.request else 'say in "request" what it fills'
            message = f'{error.path}: {error.message}' if error.path != path else error.message
            raise manifest.error(skill, keys, message, remedy) from error


def _sample_arguments(inputs: Sequence[Parameter], places: Places) -> Iterator[dict[str, Any]]:
    """Give calls that try each argument's extremes and choices once."""
    samples = {parameter.argument: _samples(parameter, places) for parameter in inputs}
    for turn in range(max((len(values) for values in samples.values()), default=1)):
        yield {name: values[turn % len(values)] for name, values in samples.items()}


def _samples(parameter: Parameter, places: Places) -> tuple[Any, ...]:
    if parameter.takes_place:
        return places.names
    values: tuple[Any, ...] = SAMPLES[parameter.item_type]
    if isinstance(parameter.enum, tuple):
        values = parameter.enum
    elif parameter.item_type in ('integer', 'float'):
        bounds = (parameter.minimum, parameter.maximum)
        values = tuple(bound for bound in bounds if bound is not None) or values
    if not parameter.is_list:
        return values
    # A fixed-size array takes this many; a sequence takes any number up to it.
    return tuple([value] * (parameter.max_length or 1) for value in values)


def _result_class(skill: Skill, interface: Any) -> Any:
    kinds = {'action': 'Result', 'service': 'Response'}
    if skill.interface in kinds:
        return getattr(interface, kinds[skill.interface])
    return interface if skill.reads else None


def _paths_of(skill: Skill) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    for path in skill.result.success_when:
        yield ('result', 'success_when', path), 'result', tuple(path.split('.'))
    for name in ('success', 'failure'):
        for steps in attribute_paths(getattr(skill.result, name) or ''):
            yield ('result', name), steps[0], steps[1:]


def _missing(message_class: Any, path: Sequence[str]) -> tuple[str, str] | None:
    """Say which step of a path leads nowhere, and what to do; None if all is well."""
    for step in path:
        fields = fields_of(message_class) if message_class else {}
        if step not in fields:
            return f'the result has no field {shown(step)}', near_miss(step, fields)
        slot_type = fields[step]
        if isinstance(slot_type, AbstractNestedType) or not isinstance(slot_type, NamespacedType):
            return None
        message_class = load_interface(type_text(slot_type))
    return None
