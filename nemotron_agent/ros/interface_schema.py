"""A skill's arguments, taken from its ROS type where the manifest does not give them."""

from collections.abc import Iterator
from typing import Any

from rosidl_parser.definition import (
    AbstractNestedType,
    AbstractString,
    Array,
    BoundedSequence,
    NamespacedType,
)

from nemotron_agent.core.problems import shown
from nemotron_agent.ros.field_comments import field_comments
from nemotron_agent.ros.interface_types import InterfaceTypeError, load_interface
from nemotron_agent.ros.message_conversion import (
    FLOAT_TYPES,
    INTEGER_BITS,
    TIME_TYPES,
    fields_of,
    integer_bounds,
    type_text,
)
from nemotron_agent.skills.manifest import Manifest
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.skill import Skill

# Filled by the sender's clock, not by a model.
LEFT_OUT = ('header.stamp', 'stamp')
REMEDY = 'give the arguments in "parameters" and "request"'


def load_type(manifest: Manifest, skill: Skill) -> Any:
    """Load the ROS type of a skill.

    Raises:
        DocumentError: the type is not installed, with the line that names it.
    """
    try:
        return load_interface(skill.datatype)
    except InterfaceTypeError as error:
        raise manifest.error(skill, ('datatype',), error.message, error.remedy) from error


def request_class(skill: Skill, interface: Any) -> Any:
    """Class of what a skill sends: goal, request or message."""
    kinds = {'action': 'Goal', 'service': 'Request'}
    return getattr(interface, kinds[skill.interface]) if skill.interface in kinds else interface


def complete_inputs(manifest: Manifest, skill: Skill) -> tuple[Parameter, ...]:
    """Give a skill's arguments; those of message types, and missing ones, come from ROS types.

    Raises:
        DocumentError: a type is not installed, or has fields that no argument can be made of.
    """
    if not skill.needs_type_for_schema:
        return skill.inputs
    if skill.parameters is None:
        message_class = request_class(skill, load_type(manifest, skill))
        inputs = tuple(_flattened(manifest, skill, message_class, '', required=True))
    else:
        inputs = tuple(_with_messages_flattened(manifest, skill))
    seen: set[str] = set()
    for parameter in inputs:
        if parameter.argument in seen:
            message = f'two fields would both be called {shown(parameter.argument)}'
            raise manifest.error(skill, ('datatype',), message, REMEDY)
        seen.add(parameter.argument)
    return inputs


def _with_messages_flattened(manifest: Manifest, skill: Skill) -> Iterator[Parameter]:
    for index, parameter in enumerate(skill.inputs):
        if not parameter.is_message:
            yield parameter
            continue
        try:
            message_class = load_interface(parameter.item_type)
        except InterfaceTypeError as error:
            keys = ('parameters', 'in', index, 'type')
            raise manifest.error(skill, keys, error.message, error.remedy) from error
        if parameter.is_list:
            keys = ('parameters', 'in', index, 'type')
            raise manifest.error(skill, keys, 'a list of messages is no argument', REMEDY)
        yield from _flattened(
            manifest, skill, message_class, parameter.name, required=parameter.required
        )


def _flattened(
    manifest: Manifest, skill: Skill, message_class: Any, prefix: str, required: bool
) -> Iterator[Parameter]:
    comments = field_comments(message_class)
    for name, slot_type in fields_of(message_class).items():
        path = f'{prefix}.{name}' if prefix else name
        if path.endswith(LEFT_OUT):
            continue
        if isinstance(slot_type, NamespacedType) and type_text(slot_type) not in TIME_TYPES:
            nested = load_interface(type_text(slot_type))
            yield from _flattened(manifest, skill, nested, path, required)
            continue
        comment, unit = comments.get(name, ('', ''))
        try:
            yield _parameter(path, slot_type, comment, unit, required)
        except ValueError as error:
            raise manifest.error(
                skill,
                ('datatype',),
                f'no argument can be made of the field {path}: {error}',
                REMEDY,
            ) from error


def _parameter(path: str, slot_type: Any, comment: str, unit: str, required: bool) -> Parameter:
    facts: dict[str, Any] = {}
    value_type = slot_type
    if isinstance(slot_type, AbstractNestedType):
        value_type = slot_type.value_type
        if isinstance(slot_type, Array):
            facts['max_length'] = slot_type.size
        elif isinstance(slot_type, BoundedSequence):
            facts['max_length'] = slot_type.maximum_size
    facts['type'] = _argument_type(value_type)
    if isinstance(value_type, NamespacedType):
        unit = 's'
    elif isinstance(value_type, AbstractString):
        if value_type.has_maximum_size() and value_type is slot_type:
            facts['max_length'] = value_type.maximum_size
    elif value_type.typename in INTEGER_BITS:
        facts['minimum'], facts['maximum'] = integer_bounds(value_type.typename)
    if value_type is not slot_type:
        facts['type'] += '[]'
    description = comment or f'{path.replace("_", " ").replace(".", " ")} ({type_text(slot_type)})'
    return Parameter(name=path, required=required, description=description, unit=unit, **facts)


def _argument_type(value_type: Any) -> str:
    if isinstance(value_type, AbstractString):
        return 'string'
    if isinstance(value_type, NamespacedType):
        if type_text(value_type) in TIME_TYPES:
            return 'float'
        raise ValueError(f'it is a list of {type_text(value_type)}')
    if value_type.typename == 'boolean':
        return 'boolean'
    if value_type.typename in FLOAT_TYPES:
        return 'float'
    return 'integer'
