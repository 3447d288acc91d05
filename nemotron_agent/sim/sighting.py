"""What the robot sees of an object, and how to say it."""

import dataclasses
import math

from nemotron_agent.sim.kinematics import Pose

_SECTORS = (
    'ahead',
    'ahead to the left',
    'to the left',
    'behind to the left',
    'behind',
    'behind to the right',
    'to the right',
    'ahead to the right',
)


@dataclasses.dataclass(frozen=True)
class Sighting:
    """An object as seen from the robot: distance [m], bearing [rad], left is positive."""

    name: str
    distance: float
    bearing: float
    held: bool

    @property
    def text(self) -> str:
        """The sighting in words."""
        label = self.name.replace('_', ' ')
        if self.held:
            return f'{label} in the gripper'
        return f'{label} {self.distance:.1f} m {direction(self.bearing)}'


def sight(name: str, pose: Pose, x: float, y: float, held: bool) -> Sighting:
    """Return the sighting of an object at (x, y) from a pose."""
    return Sighting(name, pose.distance_to(x, y), pose.bearing_to(x, y), held)


def direction(bearing: float) -> str:
    """Return a bearing [rad] in words: one of eight directions."""
    sector = 2 * math.pi / len(_SECTORS)
    return _SECTORS[round(bearing / sector) % len(_SECTORS)]


def in_words(sightings: list[Sighting]) -> str:
    """Return all sightings as one line."""
    return '; '.join(each.text for each in sightings) or 'nothing'
