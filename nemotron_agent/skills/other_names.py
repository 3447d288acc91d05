"""Other words that people say for a listed value, such as "Werkstatt" for workshop."""

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field

from nemotron_agent.core.document_model import Scalar
from nemotron_agent.core.problems import shown
from nemotron_agent.core.spoken_text import Words, bare_words

OtherNames = tuple[Annotated[str, Field(strict=True)], ...]


@dataclasses.dataclass(frozen=True)
class WrongName:
    """A name that cannot be used: whose it is, its place in the list, and what to do."""

    value: Scalar
    index: int
    message: str
    remedy: str


def wrong_names(
    also: Mapping[Any, Sequence[str]], values: Iterable[Scalar]
) -> Iterator[WrongName]:
    """Find names that are empty, given twice, or those of other values of the same list.

    Args:
        also: other names, by value.
        values: all values of the list.
    """
    is_value = {bare_words(value): value for value in values}
    names: dict[Words, Scalar] = {}
    for value, others in also.items():
        for index, name in enumerate(others):
            words = bare_words(name)
            problem = None
            if not words:
                problem = 'is no word', 'write what people say, or remove it'
            elif words in is_value:
                same = shown(is_value[words])
                problem = f'is the value {same}', 'remove it: case and accents do not matter'
            elif words in names and names[words] == value:
                problem = 'is given twice', 'remove one'
            elif words in names:
                problem = f'is a name of {shown(names[words])} too', 'give it to one of them'
            names.setdefault(words, value)
            if problem:
                yield WrongName(value, index, f'{shown(name)} {problem[0]}', problem[1])
