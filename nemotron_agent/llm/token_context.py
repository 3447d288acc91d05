"""What evaluates tokens: several sequences over one KV cache."""

import enum
from collections.abc import Sequence
from typing import Protocol

from nemotron_agent.llm.sampling import Logits


class Decoded(enum.Enum):
    """How a decode call ended.

    ALL: its tokens are evaluated.
    NO_ROOM: the KV cache has no cells for them; nothing changed.
    ABORTED: the flag was set; the memory of its sequence is uncertain.
    """

    ALL = enum.auto()
    NO_ROOM = enum.auto()
    ABORTED = enum.auto()


class TokenContext(Protocol):
    """A context as the runtime gives it; sequences are numbered from 0."""

    @property
    def n_sequences(self) -> int:
        """How many there are."""

    @property
    def slice_tokens(self) -> int:
        """Most tokens of one decode call."""

    @property
    def n_outputs(self) -> int:
        """Most tokens of one decode call that may have logits."""

    @property
    def keeps_recurrent_state(self) -> bool:
        """Whether a sequence can only be extended or dropped, not cut short."""

    @property
    def is_aborting(self) -> bool:
        """Whether a decode call would end at once."""

    def decode(
        self, tokens: Sequence[int], position: int, sequence: int, all_logits: bool = False
    ) -> Decoded:
        """Evaluate tokens from a position on; all of them have logits, or only the last."""

    def logits(self, index: int = -1) -> Logits:
        """Logits after a token of the last decode call."""

    def remove_from(self, position: int, sequence: int) -> bool:
        """Cut a sequence short; False if that cannot be, and nothing changed."""

    def drop(self, sequence: int) -> None:
        """Forget all of a sequence."""

    def copy(self, source: int, target: int) -> None:
        """Make a sequence the same as another."""

    def state_bytes(self, sequence: int) -> memoryview:
        """All that a sequence holds."""

    def load_state(self, state: memoryview, sequence: int) -> bool:
        """Give an empty sequence what `state_bytes` gave; False if it cannot be used."""

    def clear(self) -> None:
        """Forget everything."""
