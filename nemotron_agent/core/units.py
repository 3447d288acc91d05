"""Units of numbers that people give to robots, and how they convert."""

from collections.abc import Mapping

# Factors to the first unit of each kind; exact by definition (SI brochure, international inch).
KINDS: tuple[Mapping[str, float], ...] = (
    {'m': 1.0, 'cm': 0.01, 'mm': 0.001, 'km': 1000.0, 'in': 0.0254, 'ft': 0.3048},
    {'deg': 1.0, 'rad': 57.29577951308232},
    {'s': 1.0, 'min': 60.0, 'h': 3600.0},
    {'m/s': 1.0, 'cm/s': 0.01, 'km/h': 1 / 3.6},
    {'%': 1.0},
)


def kind_of(unit: str) -> Mapping[str, float]:
    """The units of a unit's kind, with their factors; empty if it has no others."""
    return next((kind for kind in KINDS if unit in kind), {})


def factor(unit: str, to: str) -> float | None:
    """What to multiply a number with to have it in another unit; None if they do not convert."""
    if unit == to:
        return 1.0
    kind = kind_of(unit)
    return kind[unit] / kind[to] if to in kind else None
