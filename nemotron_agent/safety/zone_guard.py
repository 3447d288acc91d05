"""Keeps goals and ways inside the geofence and out of the keep-out zones."""

import itertools
import math
from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.fact import Facts
from nemotron_agent.safety.asked_call import AskedCall, Denial
from nemotron_agent.safety.fact_check import fresh_fact
from nemotron_agent.safety.plane import Point, Pose
from nemotron_agent.safety.policy_file import Zones
from nemotron_agent.safety.robot_pose import pose_of
from nemotron_agent.safety.skill_traits import Motion
from nemotron_agent.safety.zone_map import ZoneMap

GOAL_RULE = 'zones.goal'
FRAME_RULE = 'zones.frame'
LOCALISATION_RULE = 'zones.localisation'

Fields = Mapping[str, Any]


class _NoGoalError(Exception):
    """A field that the goal depends on is not filled, or not with what it needs."""


class ZoneGuard:
    """Checks where a call would take the robot, and the straight way there.

    The way to a goal is left to the robot's planner where the skill says that it has one.
    """

    def __init__(self, zones: Zones, facts: Facts) -> None:
        self._zones = zones
        self._map = ZoneMap(zones)
        self._facts = facts

    def denial(self, call: AskedCall) -> Denial | None:
        """Say why a call leads where the robot may not be; None if it does not."""
        motion = call.skill.motion or Motion()
        fields = call.skill.fill(call.arguments)
        try:
            goals = self._goals(call, motion, fields)
            ahead, left = _number(fields, motion.ahead), _number(fields, motion.left)
        except _NoGoalError as error:
            return Denial(GOAL_RULE, f'where {call.skill.name} leads cannot be checked: {error}')
        for goal in goals:
            denial = self._goal_denial(goal)
            if denial is not None:
                return denial
        if motion.is_planned or not (goals or motion.ahead or motion.left):
            return None
        robot = self._robot()
        if isinstance(robot, Denial):
            return robot
        ends = [goal.point for goal in goals] or [robot.moved(ahead, left)]
        # Of several goals nobody says which comes first.
        ways = itertools.combinations([robot.point, *ends], 2)
        return next(filter(None, (self._way_denial(*way) for way in ways)), None)

    def _goals(self, call: AskedCall, motion: Motion, fields: Fields) -> list[Pose]:
        """The poses that a call leads to: of places, and by fields of its request."""
        goals = [value for value in fields.values() if isinstance(value, Pose)]
        if motion.x or motion.y:
            frame = fields.get(motion.frame, '')
            goals.append(Pose(str(frame), _number(fields, motion.x), _number(fields, motion.y)))
        if motion.to_place and self._moves(call):
            goals += [pose for pose in call.skill.places(call.arguments) if pose not in goals]
            if not goals:
                raise _NoGoalError('it names no place')
        return goals

    def _moves(self, call: AskedCall) -> bool:
        return any(name in self._zones.moving_resources for name in call.skill.resources)

    def _goal_denial(self, goal: Pose) -> Denial | None:
        if goal.frame != self._zones.frame:
            return Denial(
                FRAME_RULE,
                f'the goal is given in the frame "{goal.frame}" and the zones in '
                f'"{self._zones.frame}"',
            )
        found = self._map.obstacle(goal.point, goal.point)
        if found is None:
            return None
        return Denial(found.rule, f'at {_text(goal.point)} the robot would be {found.text}')

    def _way_denial(self, start: Point, end: Point) -> Denial | None:
        found = self._map.obstacle(start, end)
        if found is None:
            return None
        if self._map.obstacle(start, start) is not None:
            return Denial(found.rule, f'the robot is {found.text}: a person must move it out')
        return Denial(
            found.rule,
            f'on the straight way from {_text(start)} to {_text(end)} the robot would be '
            f'{found.text}',
        )

    def _robot(self) -> Pose | Denial:
        localisation = self._zones.localisation
        fact = fresh_fact(
            self._facts, localisation.fact, localisation.max_age_sec, LOCALISATION_RULE
        )
        if isinstance(fact, Denial):
            return fact
        robot = pose_of(fact)
        if robot is None:
            return Denial(LOCALISATION_RULE, f'the {localisation.fact} is no pose')
        if robot.frame != self._zones.frame:
            return Denial(
                LOCALISATION_RULE,
                f'the {localisation.fact} is in the frame "{robot.frame}" and the zones in '
                f'"{self._zones.frame}"',
            )
        return robot


def _number(fields: Fields, path: str) -> float:
    """A field's number; 0 for no path."""
    if not path:
        return 0.0
    value = fields.get(path)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _NoGoalError(f'{path} has no number')
    return float(value)


def _text(point: Point) -> str:
    return f'({point[0]:.2f}, {point[1]:.2f})'
