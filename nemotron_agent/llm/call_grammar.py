"""Which tokens may come next in a call."""

from collections.abc import Sequence

import llguidance
import numpy as np

from nemotron_agent.core.errors import ConfigurationError, EvaluationError
from nemotron_agent.core.json_text import encodable
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.grammar_text import Marker
from nemotron_agent.llm.sampling import Tokens
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat

_KEPT = 8


class CallMatcher:
    """Follows one call from its first token to its last."""

    def __init__(self, matcher: 'llguidance.LLMatcher') -> None:
        self._matcher = matcher

    @property
    def is_complete(self) -> bool:
        """Whether the call is complete: nothing can follow."""
        return bool(self._matcher.is_stopped())

    def forced(self) -> list[int]:
        """Tokens that must come next, tokenised as the model would; empty where it may choose."""
        return list(self._matcher.compute_ff_tokens())

    def allowed(self) -> Tokens:
        """Tokens that may come next."""
        bits = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        return np.flatnonzero(np.unpackbits(bits, bitorder='little'))

    def consume(self, tokens: Sequence[int]) -> None:
        """Go on by tokens.

        Raises:
            EvaluationError: the grammar does not allow them, or has grown too complex.
        """
        if not self._matcher.consume_tokens(list(tokens)):
            raise EvaluationError(f'the grammar failed: {self._matcher.get_error()}')


class CallGrammar:
    """Grammars of the tools asked for, compiled once and kept."""

    def __init__(
        self,
        tokenizer: 'llguidance.LLTokenizer',
        tool_format: ToolFormat,
        begin: Marker,
        end: Marker,
    ) -> None:
        self._tokenizer = tokenizer
        self._format = tool_format
        self._begin = begin
        self._end = end
        self._compiled: list[tuple[tuple[ToolSpec, ...], llguidance.LLMatcher]] = []

    def matcher(self, tools: tuple[ToolSpec, ...]) -> CallMatcher:
        """A matcher at the beginning of a call of one of the tools.

        Raises:
            ConfigurationError: a tool's schema says what no grammar here can.
        """
        for known, compiled in self._compiled:
            if known == tools:
                return CallMatcher(compiled.deep_copy())
        compiled = self._compile(tools)
        self._compiled = [(tools, compiled), *self._compiled[: _KEPT - 1]]
        return CallMatcher(compiled.deep_copy())

    def _compile(self, tools: tuple[ToolSpec, ...]) -> 'llguidance.LLMatcher':
        text = encodable(self._format.grammar(tools, self._begin, self._end))
        matcher = llguidance.LLMatcher(
            self._tokenizer, llguidance.LLMatcher.grammar_from_lark(text), log_level=0
        )
        if matcher.is_error():
            problem = matcher.get_error().partition('\n')[0]
            raise ConfigurationError(f'no grammar can be made of these tools: {problem}')
        return matcher
