"""Tokens of a reply, one after the other, with the context in step."""

from collections.abc import Sequence
from typing import Protocol

from nemotron_agent.core.chat_model import StopReason
from nemotron_agent.llm.context_state import ContextState
from nemotron_agent.llm.sampling import Logits, Tokens


class TokenChooser(Protocol):
    """Chooses the next token."""

    def pick(self, logits: Logits, allowed: Tokens | None = None) -> int:
        """Choose a token, among `allowed` if given."""


class TokenStream:
    """Appends to a token log what is sampled or forced.

    What is appended is evaluated when the next token is asked for, all of it in one batch.

    Attributes:
        stop_reason: why there is no next token; None while there may be one.
        n_generated: tokens appended.
    """

    def __init__(
        self, tokens: list[int], state: ContextState, sampler: TokenChooser, n_ctx: int
    ) -> None:
        self.stop_reason: StopReason | None = None
        self.n_generated = 0
        self._tokens = tokens
        self._state = state
        self._sampler = sampler
        self._n_ctx = n_ctx
        self._left = 0

    @property
    def position(self) -> int:
        """Tokens in the log."""
        return len(self._tokens)

    def allow(self, n_tokens: int) -> None:
        """Set how many tokens may follow from here."""
        self._left = n_tokens

    def append(self, tokens: Sequence[int]) -> None:
        """Go on with tokens."""
        self._tokens.extend(tokens)
        self.n_generated += len(tokens)
        self._left -= len(tokens)

    def next(self, allowed: Tokens | None = None) -> int | None:
        """Sample a token, which the caller appends or not; None if there is a reason to stop."""
        if self._left <= 0 or len(self._tokens) > self._n_ctx:
            self.stop_reason = StopReason.LENGTH
            return None
        if not self._state.evaluate(self._tokens[self._state.n_resident :]):
            self.stop_reason = StopReason.CANCELED
            return None
        return self._sampler.pick(self._state.logits(), allowed)

    def logits(self) -> Logits:
        """What the last token was sampled from."""
        return self._state.logits()

    def rewind(self, position: int) -> bool:
        """Take back all after a position; False if the model cannot, and nothing changed."""
        if not self._state.rewind(position):
            return False
        taken = len(self._tokens) - position
        del self._tokens[position:]
        self.n_generated -= taken
        self._left += taken
        return True
