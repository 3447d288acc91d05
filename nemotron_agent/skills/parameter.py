"""The arguments of a skill, as its manifest entry declares them."""

import math
import re
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from nemotron_agent.core.document_model import DocumentModel, Number, Scalar, Text
from nemotron_agent.core.problems import misuse, near_miss, shown
from nemotron_agent.skills.other_names import OtherNames, wrong_names

ARGUMENT_TYPES = ('boolean', 'integer', 'float', 'string')
OTHER_TYPE_NAMES = {'bool': 'boolean', 'int': 'integer', 'number': 'float', 'double': 'float'}
MESSAGE_TYPE = re.compile(r'^[a-z][a-z0-9_]*/msg/[A-Za-z][A-Za-z0-9]*$')
PARAMETER_NAME = re.compile(r'^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$')


class Parameter(DocumentModel):
    """One argument of a skill.

    Attributes:
        type: `boolean`, `integer`, `float`, `string`, a list of them such as `float[]`, or a
            message type, which is then flattened.
        required: whether a call must give it.
        default: taken where a call leaves it out.
        enum: the values it may take; `places` stands for the names of all places.
        also: by value of the enum, other words that people say for it.
        unit: such as `m`, `deg`, `m/s`; shown to the model.
        max_length: limit for a string [characters] or a list [items].
    """

    name: Text
    type: Text
    required: pydantic.StrictBool = False
    default: Scalar | tuple[Scalar, ...] | None = None
    description: str = ''
    enum: Literal['places'] | tuple[Scalar, ...] | None = None
    also: dict[Scalar, OtherNames] = Field(default_factory=dict)
    minimum: Number | None = None
    maximum: Number | None = None
    unit: str = ''
    max_length: Annotated[pydantic.StrictInt, Field(ge=1)] | None = None

    @property
    def argument(self) -> str:
        """Name of the argument: a dotted name has its dots replaced by `_`."""
        return self.name.replace('.', '_')

    @property
    def is_list(self) -> bool:
        """Whether it takes a list of values."""
        return self.type.endswith('[]')

    @property
    def item_type(self) -> str:
        """Type of one value."""
        return self.type.removesuffix('[]')

    @property
    def is_message(self) -> bool:
        """Whether its type is a message type."""
        return '/' in self.type

    @property
    def takes_place(self) -> bool:
        """Whether it takes the name of a place."""
        return self.enum == 'places'

    @pydantic.field_validator('name')
    @classmethod
    def _name_is_plain(cls, name: str) -> str:
        if not PARAMETER_NAME.match(name):
            raise misuse(
                f'{shown(name)} is no name for an argument',
                'use lower-case letters, digits and _, such as distance_m',
            )
        return name

    @pydantic.field_validator('type', mode='before')
    @classmethod
    def _type_is_known(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        item = given.removesuffix('[]')
        item = OTHER_TYPE_NAMES.get(item, item)
        if item not in ARGUMENT_TYPES and not MESSAGE_TYPE.match(item):
            raise misuse(
                f'{shown(given)} is no type of an argument',
                near_miss(given, (*ARGUMENT_TYPES, 'geometry_msgs/msg/PoseStamped')),
            )
        return item + ('[]' if given.endswith('[]') else '')

    @pydantic.field_validator('enum', mode='before')
    @classmethod
    def _enum_is_list(cls, given: Any) -> Any:
        if given == 'places' or isinstance(given, list):
            return given
        raise misuse(f'{shown(given)} is no enum', 'write a list of values, or places')

    @pydantic.model_validator(mode='after')
    def _parts_agree(self) -> 'Parameter':
        self._check_bounds()
        self._check_enum()
        if self.also:
            self._check_also()
        if self.default is not None:
            self._check_default()
        return self

    def _check_bounds(self) -> None:
        for key in ('minimum', 'maximum'):
            if getattr(self, key) is not None and self.item_type not in ('integer', 'float'):
                raise misuse(f'a {self.type} has no {key}', 'remove it', key)
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise misuse(
                f'{self.minimum} is over the maximum, {self.maximum}', 'exchange them', 'minimum'
            )
        if self.max_length is not None and self.type != 'string' and not self.is_list:
            raise misuse(f'a {self.type} has no max_length', 'remove it', 'max_length')

    def _check_enum(self) -> None:
        if self.enum is None:
            return
        if self.enum == 'places':
            if self.type != 'string':
                raise misuse(f'a place is a string, not {self.type}', 'use type: string', 'type')
            return
        if self.is_message:
            raise misuse(f'a {self.type} has no enum', 'remove it', 'enum')
        if not self.enum:
            raise misuse('no value is allowed', 'add values or remove the key', 'enum')
        for index, value in enumerate(self.enum):
            problem = self.misfit_of_item(value)
            if problem:
                raise misuse(*problem, 'enum', index)
            if value in self.enum[:index]:
                raise misuse(f'{shown(value)} is given twice', 'remove one', 'enum', index)

    def _check_also(self) -> None:
        if self.enum is None:
            raise misuse('there is no list of values to name', 'give it an enum', 'also')
        if self.enum == 'places':
            message = 'other names of places are in the places file'
            raise misuse(message, 'put them under the place, as its "also"', 'also')
        for value in self.also:
            if value not in self.enum:
                raise misuse(
                    f'{shown(value)} is not one of the enum',
                    near_miss(str(value), map(str, self.enum)),
                    'also',
                    str(value),
                )
        wrong = next(wrong_names(self.also, self.enum), None)
        if wrong:
            raise misuse(wrong.message, wrong.remedy, 'also', str(wrong.value), wrong.index)

    def _check_default(self) -> None:
        if self.is_message:
            raise misuse(f'a {self.type} has no default', 'remove it', 'default')
        if self.is_list != isinstance(self.default, tuple):
            raise misuse(f'{shown(self.default)} is no {self.type}', 'correct it', 'default')
        values = self.default if isinstance(self.default, tuple) else (self.default,)
        for value in values:
            problem = self.misfit_of_item(value)
            if problem:
                raise misuse(*problem, 'default')
            if isinstance(self.enum, tuple) and value not in self.enum:
                raise misuse(
                    f'{shown(value)} is not one of the enum',
                    near_miss(str(value), map(str, self.enum)),
                    'default',
                )
        length = len(self.default) if isinstance(self.default, str | tuple) else 0
        if self.max_length is not None and length > self.max_length:
            raise misuse(f'longer than max_length, {self.max_length}', 'shorten it', 'default')

    def misfit_of_item(self, value: Any) -> tuple[str, str] | None:
        """Say why one value does not fit type and bounds, and what to do; None if it fits."""
        kinds: dict[str, type | tuple[type, ...]] = {
            'boolean': bool,
            'integer': int,
            'float': (int, float),
            'string': str,
        }
        fits = isinstance(value, kinds[self.item_type])
        if not fits or (isinstance(value, bool) and self.item_type != 'boolean'):
            hint = 'put it in quotes' if self.item_type == 'string' else 'correct it'
            return f'{shown(value)} is no {self.item_type}', hint
        if isinstance(value, float) and not math.isfinite(value):
            return f'{value} is not finite', 'write a finite number'
        if isinstance(value, int | float):
            if self.minimum is not None and value < self.minimum:
                return f'{value} is under the minimum, {self.minimum}', 'raise it'
            if self.maximum is not None and value > self.maximum:
                return f'{value} is over the maximum, {self.maximum}', 'lower it'
        return None


class Parameters(DocumentModel):
    """What goes into a skill; the manifest calls the list `in`."""

    inputs: tuple[Parameter, ...] = Field(alias='in')
