"""What an argument, or a part of the robot's state, is expected to be."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import PlainValidator

from nemotron_agent.core.problems import misuse, near_miss, shown

RELATIVE = 0.01
ABSOLUTE = 0.01
FORMS = ('value', 'within', 'any_of', 'contains', 'any')
REMEDY = (
    'write a value, {value: 0.5, within: 0.05}, {any_of: [...]}, {contains: text} or {any: true}'
)


class Matcher(Protocol):
    """Says whether a value is the expected one."""

    @property
    def plain_values(self) -> tuple[Any, ...]:
        """Values that it must be able to take, for checks against a schema."""

    @property
    def may_be_missing(self) -> bool:
        """Whether an argument that is left out is as expected, too."""

    def matches(self, value: Any) -> bool:
        """Whether a value is as expected."""


@dataclasses.dataclass(frozen=True)
class Equal:
    """One value; numbers may differ by `within`, or else by 1 % or 0.01, whichever is more."""

    value: Any
    within: float | None = None
    may_be_missing: ClassVar[bool] = False

    @property
    def plain_values(self) -> tuple[Any, ...]:
        """See `Matcher`."""
        return (self.value,)

    def matches(self, value: Any) -> bool:
        """See `Matcher`."""
        return same(self.value, value, self.within)

    def __str__(self) -> str:
        return shown(self.value) + ('' if self.within is None else f' ± {self.within:g}')


@dataclasses.dataclass(frozen=True)
class AnyOf:
    """One of some values."""

    values: tuple[Any, ...]
    may_be_missing: ClassVar[bool] = False

    @property
    def plain_values(self) -> tuple[Any, ...]:
        """See `Matcher`."""
        return self.values

    def matches(self, value: Any) -> bool:
        """See `Matcher`."""
        return any(same(each, value) for each in self.values)

    def __str__(self) -> str:
        return ' or '.join(map(shown, self.values))


@dataclasses.dataclass(frozen=True)
class Contains:
    """A text with all of these in it, in any case."""

    texts: tuple[str, ...]
    plain_values: tuple[Any, ...] = ('',)
    may_be_missing: ClassVar[bool] = False

    def matches(self, value: Any) -> bool:
        """See `Matcher`."""
        return isinstance(value, str) and all(
            text.casefold() in value.casefold() for text in self.texts
        )

    def __str__(self) -> str:
        return 'with ' + ' and '.join(map(shown, self.texts))


@dataclasses.dataclass(frozen=True)
class Anything:
    """Whatever it is, also nothing."""

    plain_values: tuple[Any, ...] = ()
    may_be_missing: ClassVar[bool] = True

    def matches(self, value: Any) -> bool:
        """See `Matcher`."""
        return True

    def __str__(self) -> str:
        return 'anything'


def same(expected: Any, given: Any, within: float | None = None) -> bool:
    """Whether two values mean the same: text in any case, numbers nearly, lists item by item."""
    if is_number(expected) and is_number(given):
        allowed = max(ABSOLUTE, RELATIVE * abs(expected)) if within is None else within
        return math.isfinite(given) and abs(expected - given) <= allowed + 1e-9
    if isinstance(expected, str) and isinstance(given, str):
        return expected.strip().casefold() == given.strip().casefold()
    if isinstance(expected, list | tuple) and isinstance(given, list | tuple):
        return len(expected) == len(given) and all(
            same(*pair, within) for pair in zip(expected, given, strict=True)
        )
    if isinstance(expected, Mapping) and isinstance(given, Mapping):
        return expected.keys() == given.keys() and all(
            same(value, given[key], within) for key, value in expected.items()
        )
    return type(expected) is type(given) and bool(expected == given)


def is_number(value: Any) -> bool:
    """Whether it is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_matcher(given: Any) -> Matcher:
    """Make a matcher of what a suite file says."""
    if not isinstance(given, Mapping):
        return Equal(given)
    unknown = [key for key in given if key not in FORMS]
    if unknown:
        raise misuse('this key is not known', near_miss(str(unknown[0]), FORMS), str(unknown[0]))
    keys = set(given)
    if keys in ({'value'}, {'value', 'within'}):
        return _equal(given)
    if keys == {'any_of'}:
        values = given['any_of']
        if not isinstance(values, list) or not values:
            raise misuse(f'{shown(values)} is no list of values', 'write [left, right]', 'any_of')
        return AnyOf(tuple(values))
    if keys == {'contains'}:
        return Contains(texts_of(given['contains'], 'contains'))
    if keys == {'any'}:
        if given['any'] is not True:
            raise misuse(f'{shown(given["any"])} means nothing here', 'write true', 'any')
        return Anything()
    raise misuse(f'{shown(dict(given))} is no expected value', REMEDY)


def texts_of(given: Any, *keys: str) -> tuple[str, ...]:
    """Read a text or a list of texts."""
    texts = given if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) and text.strip() for text in texts):
        raise misuse(f'{shown(given)} is no text', 'write a text or a list of texts', *keys)
    return tuple(texts)


def _equal(given: Mapping[str, Any]) -> Equal:
    within = given.get('within')
    if within is None:
        return Equal(given['value'])
    if not is_number(given['value']):
        raise misuse(f'{shown(given["value"])} is no number', 'remove "within"', 'value')
    if not is_number(within) or not 0 <= within < math.inf:
        raise misuse(f'{shown(within)} is no tolerance', 'write such as 0.05', 'within')
    return Equal(given['value'], float(within))


Expected = Annotated[Any, PlainValidator(read_matcher)]
"""A `Matcher`, as a field of a suite file."""
