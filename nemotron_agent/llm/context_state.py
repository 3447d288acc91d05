"""Which tokens the context has evaluated, and how it gets from them to the next prompt."""

from collections.abc import Callable, Sequence
from typing import Protocol

from nemotron_agent.llm.sampling import Logits


class TokenContext(Protocol):
    """A context of one sequence, as the runtime gives it."""

    @property
    def slice_tokens(self) -> int:
        """Most tokens of one decode call."""

    @property
    def keeps_recurrent_state(self) -> bool:
        """Whether what was evaluated cannot be cut short."""

    @property
    def is_aborting(self) -> bool:
        """Whether a decode call would end at once."""

    def decode(self, tokens: Sequence[int], position: int) -> bool:
        """Evaluate tokens from a position on; return whether it was not aborted."""

    def logits(self) -> Logits:
        """Logits after the last token."""

    def remove_from(self, position: int) -> bool:
        """Forget all from a position on; False if that cannot be, and nothing changed."""

    def clear(self) -> None:
        """Forget everything."""


class ContextState:
    """The context and a true list of what is in it; used by the engine's thread only.

    This is the one place that decides what of the context can be kept for a prompt.
    """

    def __init__(self, context: TokenContext) -> None:
        self._context = context
        self._resident: list[int] = []
        self.decode_calls = 0

    @property
    def resident(self) -> tuple[int, ...]:
        """Tokens that are evaluated, in order."""
        return tuple(self._resident)

    @property
    def n_resident(self) -> int:
        """How many tokens are evaluated."""
        return len(self._resident)

    def restore_prefix(self, tokens: Sequence[int]) -> int:
        """Keep what the context shares with a prompt, drop the rest.

        At least one token is left to evaluate, so that there are logits to go on with. Where
        the model keeps a recurrent state it cannot be cut short, and all is dropped.

        Returns:
            Tokens kept.
        """
        shared = 0
        for ours, wanted in zip(self._resident, tokens, strict=False):
            if ours != wanted:
                break
            shared += 1
        self._cut(min(shared, len(tokens) - 1))
        return len(self._resident)

    def rewind(self, n_tokens: int) -> bool:
        """Go back to the first `n_tokens`; False if the model cannot, and nothing changed."""
        if n_tokens >= len(self._resident):
            return True
        if not self._context.remove_from(n_tokens):
            return False
        del self._resident[n_tokens:]
        return True

    def evaluate(
        self, tokens: Sequence[int], on_slice: Callable[[int], None] = lambda evaluated: None
    ) -> bool:
        """Evaluate tokens after the resident ones, in slices.

        Args:
            tokens: what to evaluate.
            on_slice: told after each slice how many of them are evaluated.

        Returns:
            Whether all were; False if it was aborted. What is resident is known in both cases.

        Raises:
            EvaluationError: llama.cpp refused; the context is then empty.
        """
        size = self._context.slice_tokens
        for start in range(0, len(tokens), size):
            if self._context.is_aborting:
                return False
            piece = tokens[start : start + size]
            try:
                decoded = self._context.decode(piece, len(self._resident))
            except BaseException:
                self.clear()
                raise
            self.decode_calls += 1
            if not decoded:
                self._take_back()
                return False
            self._resident.extend(piece)
            on_slice(start + len(piece))
        return True

    def logits(self) -> Logits:
        """Logits after the last token evaluated."""
        return self._context.logits()

    def clear(self) -> None:
        """Drop everything."""
        self._context.clear()
        self._resident.clear()

    def _cut(self, n_tokens: int) -> None:
        if n_tokens == len(self._resident):
            return
        if n_tokens > 0 and self._context.remove_from(n_tokens):
            del self._resident[n_tokens:]
        else:
            self.clear()

    def _take_back(self) -> None:
        """Drop what an aborted decode call left; a recurrent state it touched is lost."""
        n_tokens = len(self._resident)
        if self._context.keeps_recurrent_state or not self._context.remove_from(n_tokens):
            self.clear()
