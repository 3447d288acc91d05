"""Whether the words of a command tell a value, without a model."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rapidfuzz.distance import OSA

from nemotron_agent.core.command_text import QUOTED, without_negated
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.said_quantities import with_digits
from nemotron_agent.core.spoken_text import bare_words
from nemotron_agent.core.tool import ToolSpec

# Words of more letters may have one mistyped; those of as many, two of them swapped.
_SHORT = 4


def names_value(command: str, value: object, aliases: Iterable[str] = ()) -> bool:
    """Whether a command has the words of a value in it, a letter of each mistyped at most.

    A number that is a value must stand there in digits.

    Args:
        command: of a task.
        value: of an argument.
        aliases: other words for it.
    """
    if isinstance(value, bool):
        return False
    if isinstance(value, (int, float)):
        numbers = re.findall(r'\d+(?:[.,]\d+)?', command)
        return any(abs(float(number.replace(',', '.')) - value) < 1e-6 for number in numbers)
    return any(_names(command, words) for words in (value, *aliases))


def _names(command: str, value: object) -> bool:
    wanted = bare_words(value)
    has_number = any(word.isdecimal() for word in wanted)
    said = bare_words(with_digits(command) if has_number else command)
    return any(
        all(map(_is_word, wanted, said[start : start + len(wanted)]))
        for start in range(len(said) - len(wanted) + 1)
    )


def _is_word(wanted: str, said: str) -> bool:
    if wanted == said or wanted[0] != said[0] or not wanted.isalpha():
        return wanted == said
    if len(wanted) <= _SHORT:
        return len(wanted) == _SHORT and sorted(wanted) == sorted(said)
    return bool(OSA.distance(wanted, said, score_cutoff=1) <= 1)


def leaves_open(command: str, value: object, listed: Sequence[object]) -> bool:
    """Whether a command names only a part of a listed value, and others have that part too."""
    if names_value(command, value):
        return False
    named = _words(value) & _words(command)
    return bool(named) and any(named <= _words(other) for other in listed if other != value)


def named_values(command: str, tools: Iterable[ToolSpec]) -> frozenset[str]:
    """Listed values of any tools that a command names, but not as quoted or not wanted."""
    text = QUOTED.sub(' ', without_negated(command))
    return frozenset(
        value
        for tool in tools
        for schema in tool.parameters.get('properties', {}).values()
        for value in schema.get('enum', ())
        if isinstance(value, str) and names_value(text, value, tool.aliases.get(value, ()))
    )


def unused_values(
    command: str, tools: Iterable[ToolSpec], calls: Sequence[ToolCall]
) -> frozenset[str]:
    """Listed values of any tools that a command names, and none of some calls has."""
    tools = tuple(tools)
    used = (value for call in calls for value in call.arguments.values())
    texts = ' '.join(value for value in used if isinstance(value, str))
    return named_values(command, tools) - named_values(f'{texts}.', tools)


def takers_of(values: frozenset[str], tools: Mapping[str, ToolSpec]) -> frozenset[str]:
    """Names of the tools that take one of some listed values."""
    return frozenset(
        name
        for name, tool in tools.items()
        for schema in tool.parameters.get('properties', {}).values()
        if not values.isdisjoint(schema.get('enum', ()))
    )


def opposite_values(calls: Iterable[ToolCall], tools: Mapping[str, ToolSpec]) -> frozenset[str]:
    """The other values of arguments that list two."""
    others: set[str] = set()
    for call in calls:
        properties = (
            tools[call.name].parameters.get('properties', {}) if call.name in tools else {}
        )
        for name, value in call.arguments.items():
            listed = properties.get(name, {}).get('enum', ())
            if len(listed) == 2 and value in listed:
                others.update(each for each in listed if each != value)
    return frozenset(others)


def is_free_text(schema: Mapping[str, Any]) -> bool:
    """Whether an argument is text, and none of listed values."""
    return schema.get('type') == 'string' and 'enum' not in schema


def is_all_of(command: str, text: object) -> bool:
    """Whether a text is a command itself, not what the command tells to say."""
    return _words(command) <= _words(text)


def repeats(command: str, text: object) -> bool:
    """Whether a text is made of words of a command, but for one in four."""
    words = _words(text)
    return len(words & _words(command)) >= 0.75 * len(words)


def _words(text: object) -> set[str]:
    return set(bare_words(text))
