"""Calls that are outside a policy, each by one known fault, and some that are inside."""

import copy
import dataclasses
import math
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec

# Nobody with these is allowed anything; some look like one who is.
STRANGERS = (
    *('', 'operator', 'Action', 'action ', 'topic', 'topic:', 'topic:Command', 'topic:command2'),
    *(
        'topic:соmmand',
        'tοpic:command',
        'service\u200b',
        'ａｃｔｉｏｎ',
        'fleet',
        '*',
        'a*',
        '[a]ction',
    ),
    *('topic:command\n', '\ttopic:command', 'topic:/command', 'root', 'topic:speech'),
)
# Letters of other scripts that look like Latin ones.
LOOKALIKES = {'a': 'а', 'c': 'с', 'e': 'е', 'i': 'і', 'o': 'о', 'p': 'р', 'v': 'ν', 'n': 'ո'}
INVISIBLE = ('\u200b', '\u200d', '\u00ad', '\ufeff', '\u202e', '\0')
UNITS = ('m', 'cm', 'km', 'kg', 'deg', 'rad', 'miles', 's', '%', '°')
KEYS = (
    *('origin', 'rule', 'speed', 'force', 'allow', 'confirm', 'request_id', '__class__', '$ref'),
    *('distance', 'distance_M', ' distance_m', 'place\u200b', 'target.x', 'timeout_sec', ''),
)
NOT_FINITE = (math.nan, math.inf, -math.inf)
DEPTH = 200


@dataclasses.dataclass(frozen=True)
class FuzzedCall:
    """A call by an origin; `fault` names what is wrong with it, empty for nothing."""

    call: ToolCall
    origin: str
    fault: str


class CallFuzzer:
    """Draws calls of a robot's skills.

    Args:
        specs: the skills' tools.
        bounds: least and most allowed by skill and argument, where the policy narrows the schema.
        origins: who may call everything.
        rng: one seed draws the same calls again.
    """

    def __init__(
        self,
        specs: Sequence[ToolSpec],
        bounds: Mapping[tuple[str, str], tuple[float, float]],
        origins: Sequence[str],
        rng: random.Random,
    ) -> None:
        self._specs = specs
        self._bounds = bounds
        self._origins = origins
        self._rng = rng
        self._faults: tuple[Callable[[ToolSpec, dict[str, Any]], bool], ...] = (
            self._out_of_bounds,
            self._not_finite,
            self._huge_number,
            self._huge_text,
            self._unknown_key,
            self._missing_key,
            self._wrong_unit,
            self._wrong_type,
            self._nested,
            self._lookalike_value,
        )

    def inside(self) -> FuzzedCall:
        """A call that the policy allows."""
        spec = self._rng.choice(self._specs)
        return self._call(spec.name, self._arguments(spec), '')

    def outside(self) -> FuzzedCall:
        """A call with a fault."""
        while True:
            spec = self._rng.choice(self._specs)
            arguments = self._arguments(spec)
            kind = self._rng.randrange(len(self._faults) + 2)
            if kind == len(self._faults):
                return self._call(self._lookalike(spec.name), arguments, 'lookalike_name')
            if kind > len(self._faults):
                stranger = self._rng.choice(STRANGERS)
                return self._call(spec.name, arguments, 'stranger', stranger)
            fault = self._faults[kind]
            if fault(spec, arguments):
                return self._call(spec.name, arguments, fault.__name__.lstrip('_'))

    def _call(
        self, name: str, arguments: dict[str, Any], fault: str, origin: str | None = None
    ) -> FuzzedCall:
        call = ToolCall(uuid.UUID(int=self._rng.getrandbits(128)).hex, name, arguments)
        return FuzzedCall(
            call, self._rng.choice(self._origins) if origin is None else origin, fault
        )

    def _arguments(self, spec: ToolSpec) -> dict[str, Any]:
        """Arguments that the policy allows."""
        properties: Mapping[str, Any] = spec.parameters['properties']
        return {name: self._value(spec.name, name, schema) for name, schema in properties.items()}

    def _value(self, tool: str, name: str, schema: Mapping[str, Any]) -> Any:
        if 'enum' in schema:
            return self._rng.choice(schema['enum'])
        if schema['type'] == 'boolean':
            return self._rng.random() < 0.5
        if schema['type'] == 'string':
            return 'word ' * self._rng.randint(1, 10)
        low, high = self._allowed(tool, name, schema)
        return self._rng.uniform(low, high)

    def _allowed(self, tool: str, name: str, schema: Mapping[str, Any]) -> tuple[float, float]:
        return self._bounds.get((tool, name)) or (schema['minimum'], schema['maximum'])

    def _one(self, spec: ToolSpec, *types: str) -> str | None:
        """An argument of one of some types."""
        properties: Mapping[str, Any] = spec.parameters['properties']
        found = [name for name, schema in properties.items() if schema['type'] in types]
        return self._rng.choice(found) if found else None

    def _out_of_bounds(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        name = self._one(spec, 'number')
        if name is None:
            return False
        low, high = self._allowed(spec.name, name, spec.parameters['properties'][name])
        by = 10.0 ** self._rng.uniform(-6, 9)
        arguments[name] = self._rng.choice([low - by, high + by])
        return True

    def _not_finite(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        return self._put(spec, arguments, NOT_FINITE, 'number')

    def _huge_number(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        digits = self._rng.randint(16, 6000)
        return self._put(spec, arguments, (10**digits, -(10**digits), 1e308, -1e308), 'number')

    def _huge_text(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        length = int(10 ** self._rng.uniform(3.1, 6))
        return self._put(spec, arguments, ('a' * length, '🤖' * length), 'string')

    def _unknown_key(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        arguments[self._rng.choice(KEYS)] = self._rng.choice(['action', 1, True, None, {}, []])
        return True

    def _missing_key(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        required: Sequence[str] = spec.parameters['required']
        if not required:
            return False
        del arguments[self._rng.choice(required)]
        return True

    def _wrong_unit(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        unit, value = self._rng.choice(UNITS), self._rng.uniform(0.1, 5)
        written = (f'{value:.2f} {unit}', f'{value:.2f}{unit}', {'value': value, 'unit': unit})
        return self._put(spec, arguments, written, 'number')

    def _wrong_type(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        values: tuple[Any, ...] = (None, [], {}, [1.0], b'1', object(), ..., 1 + 1j, {1, 2})
        return self._put(spec, arguments, values, 'number', 'string', 'boolean')

    def _nested(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        name = self._one(spec, 'number', 'string', 'boolean')
        if name is None:
            return False
        value = copy.deepcopy(arguments[name])
        for _ in range(self._rng.randint(1, DEPTH)):
            value = [value] if self._rng.random() < 0.5 else {name: value}
        arguments[name] = value
        return True

    def _lookalike_value(self, spec: ToolSpec, arguments: dict[str, Any]) -> bool:
        properties: Mapping[str, Any] = spec.parameters['properties']
        name = self._one(spec, 'string')
        if name is None or 'enum' not in properties[name]:
            return False
        arguments[name] = self._lookalike(arguments[name])
        return True

    def _put(
        self, spec: ToolSpec, arguments: dict[str, Any], values: Sequence[Any], *types: str
    ) -> bool:
        name = self._one(spec, *types)
        if name is None:
            return False
        arguments[name] = self._rng.choice(values)
        return True

    def _lookalike(self, text: str) -> str:
        """A text that looks the same and is not."""
        place = self._rng.randrange(len(text))
        letter = text[place]
        changed = self._rng.choice(
            [
                LOOKALIKES.get(letter, letter.upper() + INVISIBLE[0]),
                chr(ord(letter) + 0xFEE0) if '!' <= letter <= '~' else letter * 2,
                letter + self._rng.choice(INVISIBLE),
                f'{letter} ',
            ]
        )
        return text[:place] + changed + text[place + 1 :]
