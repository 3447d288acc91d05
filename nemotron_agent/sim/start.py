"""How the robot is when it begins, and after a reset."""

import dataclasses

from nemotron_agent.core.problems import near_miss
from nemotron_agent.sim.world import World


@dataclasses.dataclass(frozen=True)
class Start:
    """The beginning.

    Attributes:
        place: where the robot stands; empty is the world's own start.
        holding: object in the gripper; empty for none.
        light: whether it is on.
    """

    place: str = ''
    holding: str = ''
    light: bool = False

    def problem(self, world: World) -> str:
        """Say why it cannot be, and what to do; empty if it can."""
        if self.place and self.place not in world.places:
            return f'there is no place "{self.place}": {near_miss(self.place, world.places)}'
        if not self.holding:
            return ''
        thing = world.objects.get(self.holding)
        if thing is None:
            return f'there is no object "{self.holding}": {near_miss(self.holding, world.objects)}'
        if not thing.graspable or thing.width > world.gripper_limits.max_opening:
            return f'the gripper cannot hold "{self.holding}": choose another object'
        return ''
