"""The geofence and the keep-out zones."""

import dataclasses

from nemotron_agent.core.yaml_document import KeyPath
from nemotron_agent.safety.plane import Point, Polygon
from nemotron_agent.safety.policy_file import Zones


@dataclasses.dataclass(frozen=True)
class Obstacle:
    """What stands against a way.

    Attributes:
        rule: its name, such as `keep_out stairs`.
        keys: what it is called in the policy.
        text: completes "the robot would be ...".
    """

    rule: str
    keys: KeyPath
    text: str


class ZoneMap:
    """Where the robot may be. All points are in the zones' frame."""

    def __init__(self, zones: Zones) -> None:
        self._margin = zones.margin_m
        self._geofence = Polygon(zones.geofence) if zones.geofence else None
        self._keep_out = {name: Polygon(corners) for name, corners in zones.keep_out.items()}

    def obstacle(self, start: Point, end: Point) -> Obstacle | None:
        """Find what a straight way meets, with the margin kept; None if it is free."""
        for name, zone in self._keep_out.items():
            if zone.holds(start) or self._is_near(zone, start, end):
                text = f'in the keep-out zone {name} or nearer to it than {self._margin:g} m'
                return Obstacle(f'keep_out {name}', ('zones', 'keep_out', name), text)
        fence = self._geofence
        if fence is not None and (not fence.holds(start) or self._is_near(fence, start, end)):
            text = f'outside the geofence or nearer to its edge than {self._margin:g} m'
            return Obstacle('geofence', ('zones', 'geofence'), text)
        return None

    def _is_near(self, polygon: Polygon, start: Point, end: Point) -> bool:
        # Written so that a distance that is no number counts as near.
        return not polygon.distance_to_edge(start, end) > self._margin
