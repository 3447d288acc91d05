"""A chooser of tokens that writes what a test lists."""

from collections.abc import Iterable

import numpy as np

from nemotron_agent.llm.sampling import Logits, Tokens


class ListedSampler:
    """Gives the listed tokens where the model is free, and seeded chance where a grammar rules.

    Attributes:
        choices: how often it was asked under a grammar.
    """

    def __init__(self, free_tokens: Iterable[int], seed: int = 0) -> None:
        self.choices = 0
        self._free_tokens = iter(free_tokens)
        self._random = np.random.default_rng(seed)

    def pick(self, logits: Logits, allowed: Tokens | None = None) -> int:
        """Choose the next token; an error once the list has ended."""
        if allowed is None:
            return next(self._free_tokens)
        self.choices += 1
        return int(self._random.choice(allowed))
