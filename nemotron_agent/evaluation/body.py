"""The robot's body in an evaluation: none, or a simulated one."""

from collections.abc import Sequence
from typing import Any, Protocol

from nemotron_agent.core.tool import Tool
from nemotron_agent.evaluation.case import Start, Turn
from nemotron_agent.evaluation.robot import Robot
from nemotron_agent.evaluation.stand_in import StandIn
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.skills.skill import Skill


class Body(Protocol):
    """What the tools of a robot act on."""

    def tools(self, robot: Robot) -> Sequence[Tool]:
        """Tools for the robot's skills, in the order of its specs."""

    def begin(self, robot: Robot, start: Start) -> None:
        """Put the world as it is to be before a conversation."""

    def state_after(self, turn: Turn) -> dict[str, Any] | None:
        """Wait until the robot rests; give its state, if it has one."""

    def close(self) -> None:
        """Take everything down; may be called twice."""


class DryBody:
    """A `Body` that is not there: every skill is stood in for. Knows no ROS."""

    def tools(self, robot: Robot) -> Sequence[Tool]:
        """See `Body`."""
        skills = skills_of(robot)
        return [stand_in(robot, spec.name, skills.get(spec.name)) for spec in robot.specs]

    def begin(self, robot: Robot, start: Start) -> None:
        """See `Body`."""

    def state_after(self, turn: Turn) -> dict[str, Any] | None:
        """See `Body`."""
        return None

    def close(self) -> None:
        """See `Body`."""


def skills_of(robot: Robot) -> dict[str, Skill]:
    """The skills of a robot, by name; none if its tools are no skills."""
    return {skill.id: skill for skill in robot.manifest.skills} if robot.manifest else {}


def stand_in(robot: Robot, name: str, skill: Skill | None) -> StandIn:
    """Make a stand-in for a skill."""
    spec = robot.spec(name)
    if spec is None:
        raise KeyError(name)
    if skill is None or robot.manifest is None:
        return StandIn(spec)
    return StandIn(spec, skill, RequestTemplate(skill, robot.manifest.places))
