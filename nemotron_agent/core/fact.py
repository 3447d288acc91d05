"""Facts about the robot and its surroundings, as those who ask see them; `perception` has them."""

import dataclasses
from typing import Any, Protocol


@dataclasses.dataclass(frozen=True)
class Fact:
    """What was last heard of something.

    Attributes:
        value: JSON value; None where the robot says that it does not know.
        age_sec: since it was so [s].
        frame: coordinate frame of a pose; empty for others.
    """

    value: Any
    age_sec: float
    frame: str = ''


class Facts(Protocol):
    """Knows facts by name."""

    def look_up(self, name: str) -> Fact | None:
        """Give a fact; None if nothing was ever heard of it."""
