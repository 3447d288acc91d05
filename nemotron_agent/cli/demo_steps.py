"""The commands of the demo, and what the robot's real state must show after each."""

import dataclasses
import enum
import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from nemotron_agent.sim.robot_watch import RobotState

POSITION_TOLERANCE_M = 0.15
YAW_TOLERANCE_RAD = 0.1
PERCENT_TOLERANCE = 2


class Kind(enum.Enum):
    """What a command tests; only SINGLE and CANCEL decide the demo's exit status."""

    SINGLE = 'one step'
    MULTI = 'two steps'
    REFERENCE = 'earlier turn'
    NO_SKILL = 'no skill fits'
    CANCEL = 'cancelled'

    @property
    def is_required(self) -> bool:
        """Whether the demo fails with it."""
        return self in (Kind.SINGLE, Kind.CANCEL)


@dataclasses.dataclass(frozen=True)
class Ended:
    """A command that has ended.

    Attributes:
        states: the robot's state after each command, the newest last; the first is the start.
        result: the result of ExecuteTask.
        canceled: whether the goal ended as canceled.
    """

    states: Sequence[RobotState]
    result: Any
    canceled: bool

    @property
    def before(self) -> RobotState:
        """The robot before the command."""
        return self.states[-2]

    @property
    def after(self) -> RobotState:
        """The robot after it."""
        return self.states[-1]


@dataclasses.dataclass(frozen=True)
class Step:
    """A command, what is expected in words, and the check of it."""

    command: str
    kind: Kind
    expected: str
    agrees: Callable[[Ended], bool]


def _is_at(place: str) -> Callable[[Ended], bool]:
    return lambda ended: ended.after.place == place and not ended.after.moving


def _holds(thing: str) -> Callable[[Ended], bool]:
    return lambda ended: ended.after.holding == thing


def _drove_back(distance_m: float) -> Callable[[Ended], bool]:
    def agrees(ended: Ended) -> bool:
        before, after = ended.before, ended.after
        dx, dy = after.x - before.x, after.y - before.y
        ahead = dx * math.cos(before.yaw) + dy * math.sin(before.yaw)
        aside = dy * math.cos(before.yaw) - dx * math.sin(before.yaw)
        return abs(ahead + distance_m) < POSITION_TOLERANCE_M and abs(aside) < POSITION_TOLERANCE_M

    return agrees


def _turned(angle_rad: float) -> Callable[[Ended], bool]:
    def agrees(ended: Ended) -> bool:
        turned = ended.after.yaw - ended.before.yaw
        return abs(math.remainder(turned - angle_rad, math.tau)) < YAW_TOLERANCE_RAD

    return agrees


def _has_not_moved(ended: Ended) -> bool:
    before, after = ended.before, ended.after
    moved = math.hypot(after.x - before.x, after.y - before.y)
    return moved < POSITION_TOLERANCE_M and after.holding == before.holding


def _tells_battery(ended: Ended) -> bool:
    real = ended.after.battery * 100
    numbers = [float(number) for number in re.findall(r'\d+(?:\.\d+)?', ended.result.answer)]
    return _has_not_moved(ended) and any(abs(n - real) <= PERCENT_TOLERANCE for n in numbers)


def _put_down_at(place: str) -> Callable[[Ended], bool]:
    return lambda ended: ended.after.place == place and ended.after.holding is None


def _is_back(ended: Ended) -> bool:
    """Whether it is at the last place before the one it came from."""
    places = [state.place for state in ended.states[:-1] if state.place is not None]
    earlier = [place for place in places if place != places[-1]]
    return bool(earlier) and ended.after.place == earlier[-1]


def _was_stopped(ended: Ended) -> bool:
    return ended.canceled and not ended.after.moving and ended.after.place != 'workshop'


STEPS = (
    Step('Go to the kitchen.', Kind.SINGLE, 'robot at the kitchen', _is_at('kitchen')),
    Step('Grasp the red cup.', Kind.SINGLE, 'red_cup in the gripper', _holds('red_cup')),
    Step('How full is the battery?', Kind.SINGLE, 'its true charge told', _tells_battery),
    Step('Drive backward half a meter.', Kind.SINGLE, '0.5 m back', _drove_back(0.5)),
    Step('Turn left by 90 degrees.', Kind.SINGLE, '90 degrees left', _turned(math.pi / 2)),
    Step(
        'Go to the table and open the gripper there.',
        Kind.MULTI,
        'at the table, gripper empty',
        _put_down_at('table'),
    ),
    Step(
        'Now go back to the place where you were before.',
        Kind.REFERENCE,
        'robot at the kitchen',
        _is_back,
    ),
    Step('Fly up to the ceiling.', Kind.NO_SKILL, 'robot has not moved', _has_not_moved),
    Step('Go to the workshop.', Kind.CANCEL, 'stopped on the way', _was_stopped),
)
