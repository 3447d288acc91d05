"""A figure of a bench: a line of JSON, or a row for people."""

import dataclasses
import json


@dataclasses.dataclass(frozen=True)
class Figure:
    """A measured value.

    Attributes:
        figure: dotted name.
        goal: greatest value wanted; None where there is none.
    """

    figure: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        return None if self.goal is None else self.value <= self.goal

    def to_json(self) -> str:
        """One line."""
        return json.dumps({**dataclasses.asdict(self), 'holds': self.holds})
