"""How sure a model is of a call, by what else it might have written."""

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from nemotron_agent.core.chat_model import CallCertainty
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.grammar_text import listed_values
from nemotron_agent.llm.quantities import shown_units
from nemotron_agent.llm.sampling import Logits, Tokens
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat
from nemotron_agent.llm.vocabulary import Vocabulary

# Where more tokens than these are allowed, text is free.
_FREE = 2000
_LIKELY = 32
_DIGIT = re.compile(r'\d')


@dataclasses.dataclass(frozen=True)
class _Branch:
    """A place in a call where the model had a choice: what it might write, how likely."""

    position: int
    pieces: tuple[tuple[bytes, float], ...]

    def probability_of(self, text: bytes) -> float:
        """How likely it was to write on towards a text, however that is cut into tokens."""
        rest = text[self.position :]
        return sum(share for piece, share in self.pieces if rest.startswith(piece))


class Branches:
    """The choices a model had while it wrote a call."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._branches: list[_Branch] = []

    def add(self, position: int, allowed: Tokens, logits: Logits) -> None:
        """Take a choice.

        Args:
            position: bytes of the call written before it.
            allowed: the tokens it was made among.
            logits: of all tokens.
        """
        if allowed.size > _FREE:
            return
        values = logits[allowed].astype(np.float64)
        shares = np.exp(values - values.max())
        shares /= shares.sum()
        likely = np.argsort(-shares)[:_LIKELY]
        pieces = (
            (self._vocabulary.piece(int(allowed[index])), float(shares[index])) for index in likely
        )
        self._branches.append(_Branch(position, tuple(pieces)))

    def certainty(
        self, text: str, call: ToolCall, spec: ToolSpec, tool_format: ToolFormat
    ) -> CallCertainty:
        """Tell how sure the model was of the call that a text is.

        Args:
            text: as it was written.
            call: what was read from it.
            spec: of its tool, as the model saw it.
            tool_format: how it is written.
        """
        properties = spec.parameters.get('properties', {})
        arguments = {}
        for name, value in call.arguments.items():
            schema = properties.get(name, {})
            begin, end = tool_format.value_span(text, name, value)
            if _is_number(schema):
                # The first digit: "0.8 m" and "80 cm" are no two minds.
                digit = _DIGIT.search(text, begin, end)
                end = digit.end() if digit else end
            elif listed_values(schema) is None and schema.get('type') != 'boolean':
                continue
            arguments[name] = self._share(text, begin, end)
        return CallCertainty(self._share(text, *tool_format.name_span(text)), arguments)

    def _share(self, text: str, begin: int, end: int) -> float:
        """Probability of a part of the text."""
        written = text.encode()
        first, last = (len(text[:place].encode()) for place in (begin, end))
        shares = (
            branch.probability_of(written)
            for branch in self._branches
            if first <= branch.position < last
        )
        return math.prod(shares)


def _is_number(schema: Mapping[str, Any]) -> bool:
    return schema.get('type') in ('number', 'integer') or bool(shown_units(schema))
