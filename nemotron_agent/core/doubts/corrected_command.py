"""A command without what its speaker took back: "to the bar, no, sorry, to the reception"."""

import re
from collections.abc import Sequence

from nemotron_agent.core.command_text import QUOTED
from nemotron_agent.core.tool import ToolSpec

# Words that take back what was said before them.
_TAKING_BACK = (
    *('no,? wait', 'wait,? no', 'scratch that', 'i mean', 'i meant', 'sorry,? no', 'no,? sorry'),
    *('nein,? warte', 'warte,? nein', 'ich meinte?', 'quatsch'),
    *('no,? espera', 'espera,? no', 'quiero decir', 'mejor dicho', 'digo'),
    *('non,? attends?', 'attends?,? non', 'je veux dire'),
)
# Words that do so between marks of punctuation.
_SET_OFF = (
    *('no', 'sorry', 'make (?:that|it)', '(?:or )?rather', 'correction', 'oops'),
    *('(?:ach )?nein', 'besser', 'entschuldigung', 'perdón', 'mejor', 'non', 'pardon', 'plutôt'),
)
_MARK = rf'(?:\b(?:{"|".join(_TAKING_BACK)})\b|[,.;:–—-]+\s*(?:{"|".join(_SET_OFF)})\s*[,.;:–—-])'
# Words beside the mark: "uh", "to the", "not that one but the".
_BESIDE = r'(?:[\s,.;:–—-]+[^\W\d_]+){0,5}?'


def corrected(command: str, tools: Sequence[ToolSpec]) -> str:
    """A command in which a listed value that was taken back is the one said instead.

    Only where both are values of the same parameter of a tool, with nothing but words of taking
    back, and some that lead to the value, between them.
    """
    for tool in tools:
        for schema in tool.parameters.get('properties', {}).values():
            values = [value for value in schema.get('enum', ()) if isinstance(value, str)]
            words = [word for value in values for word in (value, *tool.aliases.get(value, ()))]
            if len(values) > 1:
                command = _with_later_value(command, words)
    return command


def _with_later_value(command: str, words: Sequence[str]) -> str:
    longest_first = sorted((word.replace('_', ' ') for word in words), key=len, reverse=True)
    values = '|'.join(map(re.escape, longest_first))
    taken_back = re.compile(
        rf'\b(?:{values})\b(?:\s+\w{{1,3}})?\W*{_MARK}{_BESIDE}\W+(?P<later>{values})\b',
        re.IGNORECASE,
    )
    quoted = [quote.span() for quote in QUOTED.finditer(command)]

    def later(match: re.Match[str]) -> str:
        dictated = any(start < match.start() < end for start, end in quoted)
        return match[0] if dictated else match['later']

    return taken_back.sub(later, command)
