"""Differential drive: two driven wheels on one axle, no slip. Angles in rad, left is positive."""

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Pose:
    """Where the middle of the axle is [m] and which way it faces [rad]."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0

    def distance_to(self, x: float, y: float) -> float:
        """Return the way to a point, as the crow flies [m]."""
        return math.hypot(x - self.x, y - self.y)

    def bearing_to(self, x: float, y: float) -> float:
        """Return the angle to a point as seen from here, in [-pi, pi) [rad]."""
        return wrap_angle(math.atan2(y - self.y, x - self.x) - self.yaw)


@dataclasses.dataclass(frozen=True)
class Velocity:
    """Forward speed [m/s] and turning rate [rad/s]."""

    linear: float = 0.0
    angular: float = 0.0


STANDSTILL = Velocity()
# No brake has to be thought of from this far [m or rad]; it keeps the numbers finite.
FAR = 1e6


@dataclasses.dataclass(frozen=True)
class DriveLimits:
    """What the drive can do.

    Attributes:
        linear_speed: [m/s].
        angular_speed: [rad/s].
        linear_acceleration: [m/s^2], also for braking.
        angular_acceleration: [rad/s^2], also for braking.
        wheel_speed: of either wheel over the ground [m/s].
        wheel_separation: from wheel to wheel [m].
    """

    linear_speed: float = 0.6
    angular_speed: float = 1.5
    linear_acceleration: float = 0.8
    angular_acceleration: float = 3.0
    wheel_speed: float = 0.7
    wheel_separation: float = 0.35


def wrap_angle(angle: float) -> float:
    """Return the same direction as an angle in [-pi, pi)."""
    wrapped = math.fmod(angle + math.pi, 2 * math.pi)
    if wrapped < 0:
        wrapped += 2 * math.pi
    # A tiny negative remainder plus a full turn rounds to the full turn itself.
    return wrapped - math.pi if wrapped < 2 * math.pi else -math.pi


def wheel_speeds(velocity: Velocity, wheel_separation: float) -> tuple[float, float]:
    """Return the speeds of the left and the right wheel over the ground [m/s]."""
    difference = velocity.angular * wheel_separation / 2
    return velocity.linear - difference, velocity.linear + difference


def velocity_of_wheels(left: float, right: float, wheel_separation: float) -> Velocity:
    """Return the velocity that two wheel speeds [m/s] make; the inverse of `wheel_speeds`."""
    return Velocity((left + right) / 2, (right - left) / wheel_separation)


def within_limits(wanted: Velocity, limits: DriveLimits) -> Velocity:
    """Return the nearest velocity the drive can hold; too fast a wheel slows both alike.

    Slowing both keeps the radius of the curve.
    """
    linear = _clamp(wanted.linear, limits.linear_speed)
    angular = _clamp(wanted.angular, limits.angular_speed)
    left, right = wheel_speeds(Velocity(linear, angular), limits.wheel_separation)
    excess = max(abs(left), abs(right)) / limits.wheel_speed
    if excess <= 1.0:
        return Velocity(linear, angular)
    return Velocity(linear / excess, angular / excess)


def approach(
    current: Velocity, wanted: Velocity, limits: DriveLimits, step_sec: float
) -> Velocity:
    """Return the velocity one step on, with `wanted` brought within the limits first."""
    target = within_limits(wanted, limits)
    return Velocity(
        _towards(current.linear, target.linear, limits.linear_acceleration * step_sec),
        _towards(current.angular, target.angular, limits.angular_acceleration * step_sec),
    )


def advance(pose: Pose, velocity: Velocity, step_sec: float) -> Pose:
    """Return the pose after a step at constant velocity: along an arc, exactly."""
    turn = velocity.angular * step_sec
    way = velocity.linear * step_sec
    # The chord of an arc of length `way` points half the turn ahead; sinc keeps turn = 0 exact.
    chord = way * (math.sin(turn / 2) / (turn / 2) if abs(turn) > 1e-9 else 1.0)
    heading = pose.yaw + turn / 2
    return Pose(
        pose.x + chord * math.cos(heading),
        pose.y + chord * math.sin(heading),
        wrap_angle(pose.yaw + turn),
    )


def braking_speed(distance: float, deceleration: float, step_sec: float) -> float:
    """Return the highest speed from which braking step by step ends exactly at `distance`.

    Each of n steps is slower than the one before by gain = deceleration * step_sec, and the last
    one is no faster than gain: so n is the least with gain * step_sec * n (n + 1) / 2 >= distance.
    """
    if distance <= 0.0:
        return 0.0
    distance = min(distance, FAR)
    gain = deceleration * step_sec
    steps = max(1, math.ceil((math.sqrt(1 + 8 * distance / (gain * step_sec)) - 1) / 2))
    return distance / (steps * step_sec) + gain * (steps - 1) / 2


def towards_stop(
    remaining: float, top_speed: float, deceleration: float, step_sec: float
) -> float:
    """Return the signed speed at which to cover `remaining`, able to stop at its end."""
    return math.copysign(
        min(top_speed, braking_speed(abs(remaining), deceleration, step_sec)), remaining
    )


def _clamp(value: float, bound: float) -> float:
    return max(-bound, min(bound, value))


def _towards(value: float, target: float, most: float) -> float:
    return value + _clamp(target - value, most)
