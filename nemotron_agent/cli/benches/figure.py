"""A figure of a bench: a line of JSON, or a row for people."""

import dataclasses
import json
from collections.abc import Callable, Iterable

from rich.table import Table


@dataclasses.dataclass(frozen=True)
class Figure:
    """A measured value.

    Attributes:
        figure: dotted name.
        goal: greatest value wanted; None where there is none.
        at_least: the goal is the least value wanted instead.
        either_way: the goal is how far the value may be from 0.
    """

    figure: str
    value: float
    unit: str
    goal: float | None = None
    at_least: bool = False
    either_way: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        if self.at_least:
            return self.value >= self.goal
        return (abs(self.value) if self.either_way else self.value) <= self.goal

    @property
    def goal_text(self) -> str:
        """The goal for people; empty where there is none."""
        if self.goal is None:
            return ''
        sign = '>=' if self.at_least else '+-' if self.either_way else '<='
        return f'{sign} {self.goal:g}'

    def to_json(self) -> str:
        """One line."""
        values = dataclasses.asdict(self)
        del values['at_least'], values['either_way']
        return json.dumps({**values, 'holds': self.holds})


def exit_status(figures: Iterable[Figure]) -> int:
    """0, or 1 if a goal is missed."""
    return 1 if any(figure.holds is False for figure in figures) else 0


def figure_table(figures: Iterable[Figure], value_text: Callable[[Figure], str]) -> Table:
    """A row for each figure, for people."""
    table = Table('figure', 'value', 'unit', 'goal', 'holds')
    table.columns[0].overflow = 'fold'
    for figure in figures:
        holds = {None: '', True: 'yes', False: 'no'}[figure.holds]
        table.add_row(figure.figure, value_text(figure), figure.unit, figure.goal_text, holds)
    return table
