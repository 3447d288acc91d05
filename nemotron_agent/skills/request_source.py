"""Where the value of a request field comes from: a constant, an argument, a place."""

import difflib
from typing import Annotated, Any

import pydantic
from pydantic import Discriminator, Field, Tag

from nemotron_agent.core.document_model import DocumentModel, Number, Scalar, Text


class FactorBy(DocumentModel):
    """A factor chosen by another argument, such as a sign by a direction."""

    argument: Text
    values: dict[Scalar, Number] = Field(min_length=1)


class ArgumentSource(DocumentModel):
    """An argument; a number becomes `argument * scale * factor + offset`."""

    argument: Text
    scale: Number = 1
    offset: Number = 0
    factor_by: FactorBy | None = None

    @property
    def changes_value(self) -> bool:
        """Whether it calculates, which only numbers allow."""
        return self.scale != 1 or self.offset != 0 or self.factor_by is not None

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments it uses."""
        return (self.argument, self.factor_by.argument) if self.factor_by else (self.argument,)


class PlaceSource(DocumentModel):
    """The pose of the place that an argument names."""

    place: Text

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments it uses."""
        return (self.place,)


Constant = Scalar | tuple[Scalar, ...]


def _kind(value: Any) -> str:
    if isinstance(value, ArgumentSource | PlaceSource):
        return '@place' if isinstance(value, PlaceSource) else '@argument'
    if isinstance(value, dict):
        means_place = 'argument' not in value and difflib.get_close_matches(
            'place', map(str, value)
        )
        return '@place' if means_place else '@argument'
    return '@constant'


FieldSource = Annotated[
    Annotated[ArgumentSource, Tag('@argument')]
    | Annotated[PlaceSource, Tag('@place')]
    | Annotated[Constant, Tag('@constant')],
    Discriminator(_kind),
]

SOURCE_KEYS = {
    '@argument': ['place', *ArgumentSource.model_fields],
    '@place': list(PlaceSource.model_fields),
    'factor_by': list(FactorBy.model_fields),
}


def is_constant(source: Any) -> bool:
    """Whether a field source is a fixed value."""
    return not isinstance(source, pydantic.BaseModel)
