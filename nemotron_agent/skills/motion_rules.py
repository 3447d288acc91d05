"""Where a run takes the robot, so that the policy can keep it in its zones."""

from collections.abc import Iterator
from typing import Literal

import pydantic

from nemotron_agent.core.document_model import DocumentModel, Text
from nemotron_agent.core.problems import misuse

FIELD_KEYS = ('x', 'y', 'frame', 'ahead', 'left')


class MotionRules(DocumentModel):
    """Fields of the request, by dotted path. A place that fills a field needs no mention here.

    Attributes:
        in_place: it uses the base and goes nowhere.
        x, y, frame: of a goal's position [m] and its frame.
        ahead, left: of a way from where the robot is [m]; negative is back and right.
        way: `straight`, or `planned` by a planner that keeps to the zones itself.
    """

    in_place: pydantic.StrictBool = False
    x: Text | None = None
    y: Text | None = None
    frame: Text | None = None
    ahead: Text | None = None
    left: Text | None = None
    way: Literal['straight', 'planned'] = 'straight'

    @property
    def fields(self) -> Iterator[tuple[str, str]]:
        """The keys that name fields, and the fields."""
        return ((key, getattr(self, key)) for key in FIELD_KEYS if getattr(self, key) is not None)

    @pydantic.model_validator(mode='after')
    def _parts_agree(self) -> 'MotionRules':
        goal = [key for key in ('x', 'y', 'frame') if getattr(self, key) is not None]
        way = [key for key in ('ahead', 'left') if getattr(self, key) is not None]
        if goal and len(goal) < 3:
            raise misuse('a goal needs x, y and frame', 'give all three', goal[0])
        if goal and way:
            raise misuse('it leads to a goal or by a way, not both', 'remove one', way[0])
        if self.in_place and (goal or way):
            raise misuse('what goes somewhere is not in place', 'remove it', 'in_place')
        if way and self.way == 'planned':
            raise misuse('a way of so many metres is straight', 'remove it', 'way')
        return self
