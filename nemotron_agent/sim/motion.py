"""Movements of the base: each says, step by step, how fast it wants to go, until it ends."""

import abc
import enum
import math

from nemotron_agent.sim.kinematics import (
    STANDSTILL,
    DriveLimits,
    Pose,
    Velocity,
    towards_stop,
    wrap_angle,
)
from nemotron_agent.sim.movement import Movement, MovementEnd


class Motion(Movement, abc.ABC):
    """A movement of the base: told what moved, asked what it wants, once a step.

    To stop early it brakes first: `end` is set when the robot stands.

    Attributes:
        distance: way driven since its start, backwards negative [m].
        angle: angle turned since its start, to the left positive [rad].
    """

    def __init__(self, time_allowance_sec: float = 0.0) -> None:
        super().__init__()
        self.distance = 0.0
        self.angle = 0.0
        self._time_allowance_sec = time_allowance_sec

    def velocity(
        self, pose: Pose, current: Velocity, limits: DriveLimits, step_sec: float
    ) -> Velocity:
        """Return what it wants to go for the next step; ends itself when nothing is left."""
        if 0.0 < self._time_allowance_sec <= self.elapsed_sec:
            self.stop(MovementEnd.TIMED_OUT)
        if self._stopping is None:
            wanted = STANDSTILL if self.hung else self.wanted(pose, limits, step_sec)
            if wanted is not None:
                return wanted
        if current == STANDSTILL:
            self.finish(self._stopping or MovementEnd.SUCCEEDED)
        return STANDSTILL

    def moved(self, distance: float, angle: float, step_sec: float) -> None:
        """Take note of a step."""
        self.distance += distance
        self.angle += angle
        self.elapsed_sec += step_sec

    @abc.abstractmethod
    def wanted(self, pose: Pose, limits: DriveLimits, step_sec: float) -> Velocity | None:
        """Return the velocity for the next step, or None once there."""


class Spin(Motion):
    """A turn on the spot by `angle` [rad]; more than a full turn is possible."""

    TOLERANCE = 0.001

    def __init__(self, angle: float, time_allowance_sec: float = 0.0) -> None:
        super().__init__(time_allowance_sec)
        self.target = angle

    def wanted(self, pose: Pose, limits: DriveLimits, step_sec: float) -> Velocity | None:
        """See `Motion.wanted`."""
        remaining = self.target - self.angle
        if abs(remaining) < self.TOLERANCE:
            return None
        return _turn(remaining, limits, step_sec)


class DriveOnHeading(Motion):
    """Straight on by `distance` [m], backwards if negative, at no more than `speed` [m/s]."""

    TOLERANCE = 0.001

    def __init__(
        self, distance: float, speed: float = 0.0, time_allowance_sec: float = 0.0
    ) -> None:
        super().__init__(time_allowance_sec)
        self.target = distance
        self._speed = speed

    def wanted(self, pose: Pose, limits: DriveLimits, step_sec: float) -> Velocity | None:
        """See `Motion.wanted`."""
        remaining = self.target - self.distance
        if abs(remaining) < self.TOLERANCE:
            return None
        top_speed = min(self._speed or math.inf, limits.linear_speed)
        return Velocity(
            linear=towards_stop(remaining, top_speed, limits.linear_acceleration, step_sec)
        )


class Navigate(Motion):
    """To a pose: turn towards it, drive there in a straight line, turn to its yaw."""

    POSITION_TOLERANCE = 0.01
    YAW_TOLERANCE = 0.005
    # Farther off than this it stops and turns on the spot again.
    HEADING_LIMIT = 0.5
    # Nearer than this the bearing swings too much to steer by.
    STEERING_DISTANCE = 0.1

    class _Phase(enum.Enum):
        TURN_TO_GOAL = 0
        DRIVE = 1
        TURN_TO_YAW = 2

    def __init__(self, goal: Pose, time_allowance_sec: float = 0.0) -> None:
        super().__init__(time_allowance_sec)
        self.goal = goal
        self._phase = self._Phase.TURN_TO_GOAL

    def distance_remaining(self, pose: Pose) -> float:
        """Return the way to the goal [m]."""
        return pose.distance_to(self.goal.x, self.goal.y)

    def seconds_remaining(self, pose: Pose, limits: DriveLimits) -> float:
        """Return a rough guess of the time to arrival [s]; acceleration is left out."""
        distance = self.distance_remaining(pose)
        turn = abs(wrap_angle(self.goal.yaw - pose.yaw))
        if self._phase is self._Phase.TURN_TO_GOAL and distance > self.POSITION_TOLERANCE:
            bearing = pose.bearing_to(self.goal.x, self.goal.y)
            turn = abs(bearing) + abs(wrap_angle(self.goal.yaw - pose.yaw - bearing))
        return distance / limits.linear_speed + turn / limits.angular_speed

    def wanted(self, pose: Pose, limits: DriveLimits, step_sec: float) -> Velocity | None:
        """See `Motion.wanted`."""
        if self._phase is self._Phase.TURN_TO_GOAL:
            bearing = pose.bearing_to(self.goal.x, self.goal.y)
            there = self.distance_remaining(pose) <= self.POSITION_TOLERANCE
            if not there and abs(bearing) > self.YAW_TOLERANCE:
                return _turn(bearing, limits, step_sec)
            self._phase = self._Phase.TURN_TO_YAW if there else self._Phase.DRIVE
        if self._phase is self._Phase.DRIVE:
            drive = self._drive(pose, limits, step_sec)
            if drive is not None:
                return drive
        remaining = wrap_angle(self.goal.yaw - pose.yaw)
        if abs(remaining) <= self.YAW_TOLERANCE:
            return None
        return _turn(remaining, limits, step_sec)

    def _drive(self, pose: Pose, limits: DriveLimits, step_sec: float) -> Velocity | None:
        distance = self.distance_remaining(pose)
        if distance <= self.POSITION_TOLERANCE:
            self._phase = self._Phase.TURN_TO_YAW
            return None
        bearing = pose.bearing_to(self.goal.x, self.goal.y)
        if abs(bearing) > self.HEADING_LIMIT:
            self._phase = self._Phase.TURN_TO_GOAL
            return STANDSTILL
        linear = towards_stop(
            distance * math.cos(bearing),
            limits.linear_speed,
            limits.linear_acceleration,
            step_sec,
        )
        steering = 0.0 if distance < self.STEERING_DISTANCE else 2.0 * bearing
        return Velocity(linear, steering)


def _turn(remaining: float, limits: DriveLimits, step_sec: float) -> Velocity:
    return Velocity(
        angular=towards_stop(
            remaining, limits.angular_speed, limits.angular_acceleration, step_sec
        )
    )
