"""The robot's base: where it is, how fast it goes, and the movement it carries out."""

import math

from nemotron_agent.sim.kinematics import (
    STANDSTILL,
    Pose,
    Velocity,
    advance,
    approach,
    braking_speed,
)
from nemotron_agent.sim.motion import Motion
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.world import World

# Nearer to a wall than this counts as touching it [m].
CONTACT = 0.001


class Base:
    """A differential drive between walls.

    Attributes:
        pose, velocity: of now.
        distance, angle: driven [m] and turned [rad] since the start, never negative.
        motion: the movement under way.
    """

    def __init__(self, world: World) -> None:
        self.pose = world.start
        self.velocity = STANDSTILL
        self.distance = 0.0
        self.angle = 0.0
        self.motion: Motion | None = None
        self._room = world.room
        self._radius = world.body.radius
        self._limits = world.drive_limits
        self._by_hand = STANDSTILL
        self._by_hand_sec = 0.0

    def start(self, motion: Motion) -> None:
        """Begin a movement; one that is under way ends as preempted and hands over its speed."""
        self.finish(MovementEnd.PREEMPTED)
        self.motion = motion

    def finish(self, end: MovementEnd) -> None:
        """End the movement under way at once."""
        if self.motion is not None:
            self.motion.finish(end)
            self.motion = None

    def drive_by_hand(self, velocity: Velocity, for_sec: float) -> None:
        """Go at a velocity for so much simulated time, unless a movement is under way."""
        self._by_hand = velocity
        self._by_hand_sec = for_sec

    def step(self, step_sec: float, powered: bool) -> tuple[float, float]:
        """Go on by one step; return the way [m] and the angle [rad] of it."""
        before = self.pose
        wanted = self._wanted_velocity(step_sec, powered)
        speed = approach(self.velocity, wanted, self._limits, step_sec)
        self.velocity = self._before_walls(speed, step_sec)
        after = advance(before, self.velocity, step_sec)
        x, y = self._room.nearest_inside(after.x, after.y, self._radius)
        self.pose = Pose(x, y, after.yaw)
        distance = math.copysign(before.distance_to(x, y), self.velocity.linear)
        angle = self.velocity.angular * step_sec
        self.distance += abs(distance)
        self.angle += abs(angle)
        if self.motion is not None:
            self.motion.moved(distance, angle, step_sec)
            if self.motion.end is not None:
                self.motion = None
        return distance, angle

    def _wanted_velocity(self, step_sec: float, powered: bool) -> Velocity:
        motion = self.motion
        if motion is None:
            self._by_hand_sec -= step_sec
            return self._by_hand if powered and self._by_hand_sec > 0.0 else STANDSTILL
        if not powered:
            motion.stop(MovementEnd.NO_POWER)
        wanted = motion.velocity(self.pose, self.velocity, self._limits, step_sec)
        if wanted.linear != 0.0 and self._clearance(wanted.linear) <= CONTACT:
            motion.stop(MovementEnd.BLOCKED)
            return STANDSTILL
        return wanted

    def _before_walls(self, velocity: Velocity, step_sec: float) -> Velocity:
        """Slow down so as to stop at a wall, not in it."""
        if velocity.linear == 0.0:
            return velocity
        clearance = self._clearance(velocity.linear)
        most = braking_speed(clearance, self._limits.linear_acceleration, step_sec)
        return Velocity(max(-most, min(most, velocity.linear)), velocity.angular)

    def _clearance(self, linear: float) -> float:
        direction = self.pose.yaw if linear > 0.0 else self.pose.yaw + math.pi
        return self._room.clearance(self.pose.x, self.pose.y, direction, self._radius)
