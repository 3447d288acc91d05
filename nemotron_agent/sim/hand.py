"""The robot's hand among the objects: what it can take, what it holds, where that is."""

import dataclasses
import math

from nemotron_agent.sim.gripper import Gripper, GripperMove
from nemotron_agent.sim.kinematics import Pose
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.world import World


@dataclasses.dataclass(frozen=True)
class Position:
    """Where an object is [m]."""

    x: float
    y: float


class Hand:
    """A gripper that takes the nearest object within reach when it closes on one.

    Attributes:
        gripper: the fingers.
        holding: name of the object between them.
        objects: where everything is, by name.
        move: the movement of the fingers under way.
    """

    def __init__(self, world: World) -> None:
        self.gripper = Gripper(world.gripper_limits)
        self.holding: str | None = None
        self.objects = {name: Position(thing.x, thing.y) for name, thing in world.objects.items()}
        self.move: GripperMove | None = None
        self._world = world

    def take(self, name: str, pose: Pose) -> None:
        """Have an object between the fingers, with the base at `pose`."""
        self.gripper.hold(self._world.objects[name].width)
        self.holding = name
        self.objects[name] = self._carried_position(pose)

    def start(self, move: GripperMove) -> None:
        """Begin to move the fingers; a movement of theirs under way ends as preempted."""
        self.finish(MovementEnd.PREEMPTED)
        self.move = move

    def finish(self, end: MovementEnd) -> None:
        """End the movement under way at once."""
        if self.move is not None:
            self.move.finish(end)
            self.move = None

    def step(self, step_sec: float, pose: Pose) -> None:
        """Go on by one step, with the base at `pose`."""
        if self.move is not None:
            within = self.holding or self._within_grasp(pose)
            width = self._world.objects[within].width if within else None
            self.move.step(self.gripper, width, step_sec)
            self.holding = within if self.gripper.stalled else None
            if self.move.end is not None:
                self.move = None
        if self.holding is not None:
            self.objects[self.holding] = self._carried_position(pose)

    def _within_grasp(self, pose: Pose) -> str | None:
        """Return the nearest object that the hand reaches and that fits between its fingers."""
        things = self._world.objects
        near = [
            (pose.distance_to(at.x, at.y), name)
            for name, at in self.objects.items()
            if things[name].graspable and things[name].width <= self.gripper.opening
        ]
        reached = [each for each in near if each[0] <= self._world.body.reach]
        return min(reached)[1] if reached else None

    def _carried_position(self, pose: Pose) -> Position:
        ahead = self._world.body.carry_distance
        x = pose.x + ahead * math.cos(pose.yaw)
        y = pose.y + ahead * math.sin(pose.yaw)
        return Position(*self._world.room.nearest_inside(x, y, margin=0.0))
