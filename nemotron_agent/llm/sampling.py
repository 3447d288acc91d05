"""The choice of the next token."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from nemotron_agent.core.errors import EvaluationError

Logits = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.intp]
_LIKELY = 1024


def log_probability(logits: Logits, token: int) -> float:
    """Natural logarithm of a token's probability."""
    values = logits.astype(np.float64) - float(logits.max())
    return float(values[token] - np.log(np.exp(values).sum()))


@dataclasses.dataclass(frozen=True)
class Randomness:
    """How far a choice may stray from the likeliest token.

    Attributes:
        temperature: divides the logits; 0 takes the likeliest.
        top_p: share of the probability to choose from, the likeliest first.
    """

    temperature: float = 0.0
    top_p: float = 1.0

    @property
    def is_none(self) -> bool:
        """Whether the likeliest token is taken."""
        return self.temperature == 0 or self.top_p == 0


class Sampler:
    """Picks tokens by their logits: the likeliest, or by seeded chance.

    Args:
        free: how to choose where any token may come.
        constrained: how to choose where a grammar says what may come.
    """

    def __init__(self, free: Randomness, constrained: Randomness, seed: int) -> None:
        self._free = free
        self._constrained = constrained
        self._random = np.random.default_rng(seed)

    def pick(self, logits: Logits, allowed: Tokens | None = None) -> int:
        """Pick a token, among `allowed` if given.

        Raises:
            EvaluationError: the logits are not numbers, or nothing is allowed.
        """
        values = logits if allowed is None else logits[allowed]
        if values.size == 0:
            raise EvaluationError(
                'the grammar allows no token: this is a defect, please report it'
            )
        index = self._pick_index(values, self._free if allowed is None else self._constrained)
        if np.isnan(values[index]):
            raise EvaluationError('the model computes no numbers (NaN): its file may be damaged')
        return int(index if allowed is None else allowed[index])

    def _pick_index(self, values: Logits, randomness: Randomness) -> int:
        best = int(np.argmax(values))
        if randomness.is_none or values.size == 1 or np.isnan(values[best]):
            return best
        excess = values.astype(np.float64) - float(values[best])
        order, weights = _nucleus(np.exp(excess / randomness.temperature), randomness.top_p)
        cumulative = np.cumsum(weights)
        chosen = np.searchsorted(cumulative, self._random.random() * cumulative[-1], 'right')
        return int(order[min(int(chosen), order.size - 1)])


def _nucleus(weights: npt.NDArray[np.float64], top_p: float) -> tuple[Tokens, Any]:
    """The smallest set of likeliest tokens whose share is `top_p`, likeliest first."""
    wanted = top_p * weights.sum()
    count = min(_LIKELY, weights.size)
    while True:
        order = np.argpartition(weights, weights.size - count)[weights.size - count :]
        order = order[np.argsort(-weights[order], kind='stable')]
        cumulative = np.cumsum(weights[order])
        if cumulative[-1] >= wanted or count == weights.size:
            keep = int(np.searchsorted(cumulative, wanted)) + 1
            return order[:keep], weights[order[:keep]]
        count = min(count * 8, weights.size)
