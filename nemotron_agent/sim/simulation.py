"""The robot in its world, in fixed steps: no ROS, no clock, no thread, no chance."""

from nemotron_agent.sim.base import Base
from nemotron_agent.sim.battery import Battery
from nemotron_agent.sim.hand import Hand
from nemotron_agent.sim.kinematics import STANDSTILL
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.sighting import Sighting, sight
from nemotron_agent.sim.start import Start
from nemotron_agent.sim.world import World


class Simulation:
    """Everything that changes. Each `step` is `step_sec` of simulated time, always the same.

    Attributes:
        world: the room, its places and objects as they were at the start.
        step_sec: length of a step [s].
        base, battery, hand: the parts.
        light_is_on: of the lamp.
    """

    def __init__(self, world: World, step_sec: float = 0.02) -> None:
        self.world = world
        self.step_sec = step_sec
        self._steps = 0
        self.base = Base(world)
        self.hand = Hand(world)
        self.battery = Battery(world.battery.level, world.battery.rates)
        self.light_is_on = False

    def reset(self, start: Start = Start()) -> None:  # noqa: B008 (frozen)
        """Put everything back to the start; movements end as reset. Only the time goes on."""
        self.finish(MovementEnd.RESET)
        self.base = Base(self.world)
        if start.place:
            self.base.pose = self.world.places[start.place]
        self.hand = Hand(self.world)
        if start.holding:
            self.hand.take(start.holding, self.base.pose)
        self.battery = Battery(self.world.battery.level, self.world.battery.rates)
        self.light_is_on = start.light

    def finish(self, end: MovementEnd) -> None:
        """End all movements at once."""
        self.base.finish(end)
        self.hand.finish(end)

    def step(self) -> None:
        """Go on by one step."""
        distance, angle = self.base.step(self.step_sec, powered=not self.battery.empty)
        self.hand.step(self.step_sec, self.base.pose)
        self.battery.step(self.step_sec, abs(distance), angle, self.docked)
        self._steps += 1

    @property
    def time_sec(self) -> float:
        """Simulated time since the start [s]."""
        return self._steps * self.step_sec

    @property
    def place(self) -> str | None:
        """Name of the place the robot is at."""
        return self.world.place_near(self.base.pose.x, self.base.pose.y)

    @property
    def docked(self) -> bool:
        """Whether it stands still at the dock."""
        dock = self.world.dock
        return (
            dock is not None
            and self.base.velocity == STANDSTILL
            and self.base.pose.distance_to(dock.x, dock.y) <= self.world.place_radius
        )

    def sightings(self) -> list[Sighting]:
        """Return what the robot sees, nearest first."""
        body = self.world.body
        seen = (
            sight(name, self.base.pose, at.x, at.y, held=name == self.hand.holding)
            for name, at in self.hand.objects.items()
        )
        visible = (
            each
            for each in seen
            if each.held
            or (each.distance <= body.sight_range and abs(each.bearing) <= body.field_of_view / 2)
        )
        return sorted(visible, key=lambda each: (each.distance, each.name))
