"""What the engine's parts need of a model's vocabulary."""

from collections.abc import Mapping
from typing import Protocol


class Vocabulary(Protocol):
    """Text to tokens and back."""

    @property
    def special_texts(self) -> Mapping[int, str]:
        """Text of every token that tokenising takes as a whole."""

    @property
    def end_tokens(self) -> frozenset[int]:
        """Tokens that end a generation."""

    @property
    def adds_bos(self) -> bool:
        """Whether a text begins with the token `bos`."""

    @property
    def bos(self) -> int:
        """Token that begins a text."""

    def tokenize(self, text: str) -> list[int]:
        """Tokens of a text; special tokens are recognised, none is added."""

    def piece(self, token: int, special: bool = True) -> bytes:
        """Bytes a token stands for; control tokens are empty unless `special`."""
