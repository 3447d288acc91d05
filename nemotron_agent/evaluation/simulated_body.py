"""A simulated robot as the body: a process and a ROS domain of its own, and the real skills."""

import dataclasses
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from nemotron_agent.core.errors import ConfigurationError, DocumentError, NemotronAgentError
from nemotron_agent.core.tool import Tool
from nemotron_agent.core.yaml_document import KeyPath
from nemotron_agent.evaluation.body import skills_of, stand_in
from nemotron_agent.evaluation.case import Start, Turn
from nemotron_agent.evaluation.robot import Robot
from nemotron_agent.evaluation.score import state_agrees
from nemotron_agent.ros.skill_loading import load_skill_tools
from nemotron_agent.sim.robot_remote import RobotRemote
from nemotron_agent.sim.robot_state import RobotState
from nemotron_agent.sim.served import serves
from nemotron_agent.sim.start import Start as RobotStart
from nemotron_agent.skills.manifest import Manifest
from nemotron_agent.skills.skill import Skill
from nemotron_agent.testing.own_ros_domain import LOCAL_ONLY, RosDomain

SPEED_UP = 100.0
READY_TIMEOUT_SEC = 30.0
POLL_SEC = 0.2
REST_TIMEOUT_SEC = 10.0
# How long a state that is not as expected may take to become so.
AGREE_TIMEOUT_SEC = 0.5


class RobotProcess(Protocol):
    """The process of a simulated robot."""

    def check(self) -> None:
        """Raise if it has died."""

    def stop(self) -> int:
        """End it."""


StartProcess = Callable[[Sequence[str], Mapping[str, str]], RobotProcess]
"""Starts the robot with ROS parameters, such as `speed_up:=5.0`, in an environment."""


class SimulatedRobotError(NemotronAgentError):
    """The simulated robot cannot be used."""


class SimulatedBody:
    """A `Body`: one simulated robot at a time, changed when a conversation is for another.

    Skills that it does not serve are stood in for.

    Args:
        start_process: starts the robot.
        speed_up: simulated seconds in a real one.
        ready_timeout_sec: limit for the robot's start [s].
    """

    def __init__(
        self,
        start_process: StartProcess,
        speed_up: float = SPEED_UP,
        ready_timeout_sec: float = READY_TIMEOUT_SEC,
    ) -> None:
        self._start_process = start_process
        self._speed_up = speed_up
        self._ready_timeout_sec = ready_timeout_sec
        self._digest = ''
        self._live: _LiveRobot | None = None

    def tools(self, robot: Robot) -> Sequence[Tool]:
        """See `Body`."""
        return self._robot(robot).tools

    def begin(self, robot: Robot, start: Start) -> None:
        """See `Body`."""
        live = self._robot(robot)
        live.process.check()
        live.remote.restart(RobotStart(start.place or '', start.holding or '', bool(start.light)))

    def state_after(self, turn: Turn) -> dict[str, Any] | None:
        """See `Body`; None where the turn expects no state."""
        live = self._live
        if live is None or turn.state is None:
            return None
        live.process.check()
        watch = live.remote.watch
        state = watch.wait_for_next(_at_rest, REST_TIMEOUT_SEC) or watch.state
        if not state_agrees(turn, _facts(state)):
            state = (
                watch.wait_for(
                    lambda state: _at_rest(state) and state_agrees(turn, _facts(state)),
                    AGREE_TIMEOUT_SEC,
                )
                or watch.state
            )
        return _facts(state)

    def close(self) -> None:
        """See `Body`."""
        live, self._live = self._live, None
        if live is not None:
            live.close()

    def _robot(self, robot: Robot) -> '_LiveRobot':
        if self._live is None or self._digest != robot.digest:
            self.close()
            self._live = _LiveRobot(
                robot, self._start_process, self._speed_up, self._ready_timeout_sec
            )
            self._digest = robot.digest
        return self._live


class _LiveRobot:
    """One simulated robot, and the tools that reach it."""

    def __init__(
        self,
        robot: Robot,
        start_process: StartProcess,
        speed_up: float,
        ready_timeout_sec: float,
    ) -> None:
        manifest = robot.manifest
        if manifest is None or robot.world_file is None:
            raise ConfigurationError(
                f'the robot {robot.name} has no world.yaml, so it cannot be simulated: '
                'add one to its folder, or use --dry'
            )
        os.environ.update(LOCAL_ONLY)
        self._domain = RosDomain()
        parameters = [
            f'speed_up:={speed_up}',
            f'world_file:={robot.world_file}',
            f'places_file:={robot.places_file}',
        ]
        self.process = start_process(parameters, self._domain.environment)
        self._skills: Any = None
        try:
            node = self._domain.make_node('nemotron_agent_evaluation')
            self.remote = RobotRemote(node)
            self._skills = load_skill_tools(node, _served(manifest), manifest.places)
            self._wait_until_ready(ready_timeout_sec)
        except BaseException:
            self.close()
            raise
        real = {tool.spec.name: tool for tool in self._skills.tools}
        skills = skills_of(robot)
        self.tools: list[Tool] = [
            real.get(spec.name) or stand_in(robot, spec.name, skills[spec.name])
            for spec in robot.specs
        ]

    def close(self) -> None:
        """Take everything down."""
        self.process.stop()
        self._domain.stop_spinning()
        if self._skills is not None:
            self._skills.close()
        self._domain.close()

    def _wait_until_ready(self, timeout_sec: float) -> None:
        end = time.monotonic() + timeout_sec
        while time.monotonic() < end:
            self.process.check()
            state = self.remote.watch.wait_for(lambda state: True, POLL_SEC)
            if state is not None and self.remote.is_ready:
                return
        raise SimulatedRobotError(f'the simulated robot was not ready after {timeout_sec:g} s')


@dataclasses.dataclass(frozen=True)
class _PartOfManifest(Manifest):
    """Some skills of a manifest; errors name the lines of the whole."""

    whole: Manifest

    def error(self, skill: Skill, keys: KeyPath, message: str, remedy: str) -> DocumentError:
        """See `Manifest.error`."""
        return self.whole.error(skill, keys, message, remedy)


def _served(manifest: Manifest) -> Manifest:
    skills = tuple(
        skill
        for skill in manifest.skills
        if serves(skill.interface, skill.interface_path, skill.datatype)
    )
    return _PartOfManifest(skills, manifest.places, manifest.document, manifest)


def _at_rest(state: RobotState) -> bool:
    return not state.moving and not state.active_goals


def _facts(state: RobotState) -> dict[str, Any]:
    """What a suite may expect of a state."""
    return {
        'place': state.place,
        'holding': state.holding,
        'light': state.light,
        'x': round(state.x, 4),
        'y': round(state.y, 4),
        'yaw_deg': round(math.degrees(state.yaw), 2),
    }
