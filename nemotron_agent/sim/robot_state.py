"""The robot's state as it goes out on the topic `robot_state`: JSON, for checks and for people."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from nemotron_agent.sim.goal_record import EndedGoal, GoalRecord
from nemotron_agent.sim.kinematics import STANDSTILL
from nemotron_agent.sim.simulation import Simulation


@dataclasses.dataclass(frozen=True)
class RobotState:
    """All that is to be known of the robot at one moment.

    Attributes:
        x, y: where it is [m].
        yaw: which way it faces [rad].
        place: name of the place it is at; None between places.
        holding: name of the object in the gripper.
        light: whether it is on.
        battery: charge, 0 to 1.
        moving: whether the base moves or the gripper is on its way.
        charging: whether it stands at the dock.
        linear, angular: speed [m/s] and turning rate [rad/s].
        distance, angle: driven [m] and turned [rad] since the start.
        gripper: its opening [m].
        said: the last words on `say`; None before the first.
        active_goals: actions with a goal under way, oldest first.
        ended_goals: the last goals that ended, oldest first.
        objects: x, y [m] of each object.
        frame_id: frame of all poses.
        time_sec: simulated time [s].
    """

    x: float
    y: float
    yaw: float
    place: str | None
    holding: str | None
    light: bool
    battery: float
    moving: bool
    charging: bool = False
    linear: float = 0.0
    angular: float = 0.0
    distance: float = 0.0
    angle: float = 0.0
    gripper: float = 0.0
    said: str | None = None
    active_goals: tuple[str, ...] = ()
    ended_goals: tuple[EndedGoal, ...] = ()
    objects: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    frame_id: str = ''
    time_sec: float = 0.0

    @classmethod
    def of(cls, simulation: Simulation, record: GoalRecord, said: str | None) -> 'RobotState':
        """Return the state of now."""
        base, hand = simulation.base, simulation.hand
        return cls(
            time_sec=simulation.time_sec,
            frame_id=simulation.world.frame_id,
            x=base.pose.x,
            y=base.pose.y,
            yaw=base.pose.yaw,
            place=simulation.place,
            linear=base.velocity.linear,
            angular=base.velocity.angular,
            moving=base.velocity != STANDSTILL or hand.move is not None,
            distance=base.distance,
            angle=base.angle,
            holding=hand.holding,
            gripper=hand.gripper.opening,
            light=simulation.light_is_on,
            battery=simulation.battery.level,
            charging=simulation.battery.charging,
            said=said,
            active_goals=tuple(record.active),
            ended_goals=tuple(record.ended),
            objects={name: (at.x, at.y) for name, at in hand.objects.items()},
        )

    def to_json(self) -> str:
        """Return it as JSON text."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> 'RobotState':
        """Return what `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        values['active_goals'] = tuple(values['active_goals'])
        values['ended_goals'] = tuple(EndedGoal(**goal) for goal in values['ended_goals'])
        values['objects'] = {name: (at[0], at[1]) for name, at in values['objects'].items()}
        return cls(**values)
