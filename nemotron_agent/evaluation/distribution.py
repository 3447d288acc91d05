"""How numbers are spread."""

import dataclasses
import math
from collections.abc import Sequence

BINS = 20


@dataclasses.dataclass(frozen=True)
class Distribution:
    """Some numbers in short, and a histogram from 0 to the greatest."""

    count: int
    mean: float
    median: float
    p90: float
    greatest: float
    bins: tuple[int, ...]

    @classmethod
    def of(cls, numbers: Sequence[float | None]) -> 'Distribution | None':
        """Sum up numbers, leaving out None; None if there are none."""
        given = sorted(number for number in numbers if number is not None)
        if not given:
            return None
        greatest = float(given[-1])
        bins = [0] * BINS
        for number in given:
            bins[min(BINS - 1, int(number / greatest * BINS)) if greatest > 0 else 0] += 1
        return cls(
            count=len(given),
            mean=sum(given) / len(given),
            median=_quantile(given, 0.5),
            p90=_quantile(given, 0.9),
            greatest=greatest,
            bins=tuple(bins),
        )


def _quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest number that at least `share` of them do not exceed (nearest rank)."""
    return float(ordered[max(0, math.ceil(share * len(ordered)) - 1)])
