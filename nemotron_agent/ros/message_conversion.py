"""ROS messages to JSON values and back."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rosidl_parser.definition import (
    AbstractNestedType,
    AbstractString,
    AbstractWString,
    Array,
    BasicType,
    BoundedSequence,
    NamespacedType,
)

from nemotron_agent.ros.interface_types import load_interface
from nemotron_agent.skills.request_template import FramedPlace

INTEGER_BITS = {
    'int8': -8, 'int16': -16, 'int32': -32, 'int64': -64,
    'uint8': 8, 'uint16': 16, 'uint32': 32, 'uint64': 64, 'octet': 8, 'char': 8,
}  # fmt: skip
FLOAT_TYPES = ('float', 'double', 'long double')
FLOAT32_MAX = 3.402823466e38  # rclpy's own bound
TIME_TYPES = ('builtin_interfaces/msg/Time', 'builtin_interfaces/msg/Duration')
POSE_TYPES = ('geometry_msgs/msg/Pose', 'geometry_msgs/msg/PoseStamped')


class FieldError(ValueError):
    """A value that does not go into a field.

    Args:
        path: dotted path of the field.
        message: what is wrong.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f'{path}: {message}' if path else message)
        self.path = path
        self.message = message


def integer_bounds(type_name: str) -> tuple[int, int]:
    """Smallest and largest value of an integer type."""
    bits = INTEGER_BITS[type_name]
    if bits < 0:
        return -(2 ** (-bits - 1)), 2 ** (-bits - 1) - 1
    return 0, 2**bits - 1


def fields_of(message_class: Any) -> dict[str, Any]:
    """Map a message's fields to their types as rosidl describes them."""
    names = message_class.get_fields_and_field_types()
    fields = dict(zip(names, message_class.SLOT_TYPES, strict=True))
    fields.pop('structure_needs_at_least_one_member', None)
    return fields


def type_text(slot_type: Any) -> str:
    """Name of a field's type: `uint8`, `string`, `pkg/msg/Name`, with `[]` for lists."""
    if isinstance(slot_type, AbstractNestedType):
        return f'{type_text(slot_type.value_type)}[]'
    if isinstance(slot_type, NamespacedType):
        return '/'.join(slot_type.namespaced_name())
    if isinstance(slot_type, BasicType):
        return {'octet': 'byte', 'boolean': 'bool'}.get(slot_type.typename, slot_type.typename)
    return 'string'


def message_from_dict(message_class: Any, values: Mapping[str, Any]) -> Any:
    """Make a message; keys are field names or dotted paths, what is left out keeps its default.

    Numbers must fit their type; None is NaN. A time or duration is given in seconds, or as sec
    and nanosec. A `FramedPlace` fills a Pose or a PoseStamped.

    Raises:
        FieldError: with the path of the field.
    """
    message = message_class()
    fill(message, values)
    return message


def fill(message: Any, values: Mapping[str, Any], path: str = '') -> None:
    """Set fields of a message; see `message_from_dict`."""
    for name, value in values.items():
        _set(message, name, value, path)


def _set(message: Any, name: str, value: Any, path: str) -> None:
    first, _, rest = name.partition('.')
    here = f'{path}.{first}' if path else first
    fields = fields_of(type(message))
    if first not in fields:
        known = ', '.join(fields) or 'none'
        raise FieldError(here, f'there is no such field; the fields are: {known}')
    if rest:
        if not isinstance(fields[first], NamespacedType):
            raise FieldError(here, f'is a {type_text(fields[first])} and has no fields')
        _set(getattr(message, first), rest, value, here)
        return
    setattr(message, first, to_ros(fields[first], value, here))


def to_ros(slot_type: Any, value: Any, path: str) -> Any:
    """Convert a JSON value to what rclpy stores in a field of a type.

    Raises:
        FieldError: it does not fit.
    """
    if isinstance(slot_type, AbstractNestedType):
        return _list_to_ros(slot_type, value, path)
    if isinstance(slot_type, NamespacedType):
        return _message_to_ros(type_text(slot_type), value, path)
    if isinstance(slot_type, AbstractString | AbstractWString):
        return _string_to_ros(slot_type, value, path)
    return _basic_to_ros(slot_type.typename, value, path)


def _basic_to_ros(type_name: str, value: Any, path: str) -> Any:
    if type_name == 'boolean':
        if not isinstance(value, bool):
            raise FieldError(path, f'needs true or false, not {value!r}')
        return value
    if value is None and type_name in FLOAT_TYPES:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FieldError(path, f'needs a number, not {value!r}')
    if type_name in FLOAT_TYPES:
        return _float_to_ros(type_name, value, path)
    if isinstance(value, float) and not value.is_integer():
        raise FieldError(path, f'needs a whole number, not {value}')
    low, high = integer_bounds(type_name)
    if not low <= value <= high:
        raise FieldError(path, f'{value} is out of range: from {low} to {high}')
    return bytes([int(value)]) if type_name == 'octet' else int(value)


def _float_to_ros(type_name: str, value: int | float, path: str) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise FieldError(path, f'{value} is too large for a {type_name}') from None
    if type_name == 'float' and math.isfinite(number) and abs(number) > FLOAT32_MAX:
        raise FieldError(path, f'{value} is too large for a float32')
    return number


def _string_to_ros(slot_type: Any, value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise FieldError(path, f'needs a string, not {value!r}')
    # A lone surrogate cannot be sent, and a NUL would end the string early.
    text = value.encode('utf-8', 'replace').decode('utf-8').replace('\0', '')
    if slot_type.has_maximum_size() and len(text.encode()) > slot_type.maximum_size:
        raise FieldError(path, f'is longer than {slot_type.maximum_size} bytes of UTF-8')
    return text


def _list_to_ros(slot_type: Any, value: Any, path: str) -> list[Any]:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        raise FieldError(path, f'needs a list, not {value!r}')
    if isinstance(slot_type, Array) and len(value) != slot_type.size:
        raise FieldError(path, f'needs {slot_type.size} items, not {len(value)}')
    if isinstance(slot_type, BoundedSequence) and len(value) > slot_type.maximum_size:
        raise FieldError(path, f'takes {slot_type.maximum_size} items at most, not {len(value)}')
    return [to_ros(slot_type.value_type, v, f'{path}[{i}]') for i, v in enumerate(value)]


def _message_to_ros(type_name: str, value: Any, path: str) -> Any:
    if isinstance(value, FramedPlace):
        return _pose(type_name, value, path)
    message = load_interface(type_name)()
    if type_name in TIME_TYPES and isinstance(value, int | float) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise FieldError(path, f'needs a time in seconds, not {value}')
        total = round(value * 10**9)
        value = {'sec': total // 10**9, 'nanosec': total % 10**9}
    if not isinstance(value, Mapping):
        raise FieldError(path, f'needs the fields of a {type_name}, not {value!r}')
    fill(message, value, path)
    return message


def _pose(type_name: str, framed: FramedPlace, path: str) -> Any:
    if type_name not in POSE_TYPES:
        raise FieldError(path, f'a place fills a Pose or PoseStamped, not a {type_name}')
    place = framed.place
    x, y, z, w = place.quaternion
    pose = {
        'position': {'x': place.x, 'y': place.y, 'z': place.z},
        'orientation': {'x': x, 'y': y, 'z': z, 'w': w},
    }
    if type_name == 'geometry_msgs/msg/Pose':
        return message_from_dict(load_interface(type_name), pose)
    # The stamp stays 0: a place does not move, so the newest transform is the right one.
    values = {'header.frame_id': framed.frame_id, 'pose': pose}
    return message_from_dict(load_interface(type_name), values)


def message_to_dict(
    message: Any, max_items: int | None = None, max_characters: int | None = None
) -> dict[str, Any]:
    """Make JSON values of a message.

    NaN and infinities become None. A byte becomes an integer. Lists over `max_items` and strings
    over `max_characters` are cut, and a mark says so.
    """
    return {
        name: _to_json(getattr(message, name), max_items, max_characters)
        for name in fields_of(type(message))
    }


def _to_json(value: Any, max_items: int | None, max_characters: int | None) -> Any:
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return _clean_text(value, max_characters)
    if isinstance(value, bytes):
        return value[0] if len(value) == 1 else list(value)
    if hasattr(value, 'get_fields_and_field_types'):
        return message_to_dict(value, max_items, max_characters)
    return list(_items_to_json(value, max_items, max_characters))


def _items_to_json(items: Any, max_items: int | None, max_characters: int | None) -> Iterator[Any]:
    kept = items if max_items is None else items[:max_items]
    # Numeric lists are array.array or numpy arrays, whose own items are no JSON values.
    plain = kept.tolist() if hasattr(kept, 'tolist') else kept
    for item in plain:
        yield _to_json(item, max_items, max_characters)
    if len(kept) < len(items):
        yield f'… {len(items) - len(kept)} more'


def _clean_text(text: str, max_characters: int | None) -> str:
    # rclpy gives bytes that are no UTF-8 as lone surrogates; JSON and the model take none.
    clean = text.encode('utf-8', 'replace').decode('utf-8').replace('\0', '')
    if max_characters is None or len(clean) <= max_characters:
        return clean
    return f'{clean[:max_characters]}… ({len(clean)} characters)'
