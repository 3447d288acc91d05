"""What all parts of a YAML document have in common."""

import math
from typing import Annotated, Any

import pydantic
from pydantic import Field, PlainValidator

from nemotron_agent.core.problems import misuse, shown


def _scalar(given: Any) -> Any:
    if not isinstance(given, bool | int | float | str):
        raise misuse(f'{shown(given)} is no single value', 'write a number, text, true or false')
    return given


def _number(given: Any) -> Any:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise misuse(f'{shown(given)} is no number', 'write a number such as 3.5')
    return given


# One validator each instead of a union, whose every branch would complain.
Scalar = Annotated[bool | int | float | str, PlainValidator(_scalar)]
Number = Annotated[int | float, PlainValidator(_number)]
Text = Annotated[str, Field(strict=True, min_length=1)]


class DocumentModel(pydantic.BaseModel):
    """A part of a document: frozen, and without unknown keys."""

    model_config = pydantic.ConfigDict(frozen=True, extra='forbid')
