"""The choice of the next token."""

from typing import Any

import numpy as np
import numpy.typing as npt

from nemotron_agent.core.errors import EvaluationError

Logits = npt.NDArray[np.float32]
Tokens = npt.NDArray[np.intp]
_LIKELY = 1024


class Sampler:
    """Picks tokens by their logits: the likeliest at temperature 0, else seeded chance."""

    def __init__(self, temperature: float, top_p: float, seed: int) -> None:
        self._temperature = temperature
        self._top_p = top_p
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
        index = self._pick_index(values)
        if np.isnan(values[index]):
            raise EvaluationError('the model computes no numbers (NaN): its file may be damaged')
        return int(index if allowed is None else allowed[index])

    def _pick_index(self, values: Logits) -> int:
        best = int(np.argmax(values))
        if self._temperature == 0 or self._top_p == 0 or np.isnan(values[best]):
            return best
        weights = np.exp((values.astype(np.float64) - float(values[best])) / self._temperature)
        order, weights = self._nucleus(weights)
        cumulative = np.cumsum(weights)
        chosen = np.searchsorted(cumulative, self._random.random() * cumulative[-1], 'right')
        return int(order[min(int(chosen), order.size - 1)])

    def _nucleus(self, weights: npt.NDArray[np.float64]) -> tuple[Tokens, Any]:
        """The smallest set of likeliest tokens whose share is `top_p`, likeliest first."""
        wanted = self._top_p * weights.sum()
        count = min(_LIKELY, weights.size)
        while True:
            order = np.argpartition(weights, weights.size - count)[weights.size - count :]
            order = order[np.argsort(-weights[order], kind='stable')]
            cumulative = np.cumsum(weights[order])
            if cumulative[-1] >= wanted or count == weights.size:
                keep = int(np.searchsorted(cumulative, wanted)) + 1
                return order[:keep], weights[order[:keep]]
            count = min(count * 8, weights.size)
