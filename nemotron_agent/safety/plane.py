"""Points, segments and polygons on the floor. Metres, and radians to the left of the x axis."""

import dataclasses
import itertools
import math
from collections.abc import Sequence

Point = tuple[float, float]


@dataclasses.dataclass(frozen=True)
class Pose:
    """A place on the floor and a direction, in a frame."""

    frame: str
    x: float
    y: float
    yaw: float = 0.0

    @property
    def point(self) -> Point:
        """Where it is."""
        return (self.x, self.y)

    def moved(self, ahead: float, left: float = 0.0) -> Point:
        """The point so far ahead and to the left [m]."""
        cos, sin = math.cos(self.yaw), math.sin(self.yaw)
        return (self.x + ahead * cos - left * sin, self.y + ahead * sin + left * cos)


class Polygon:
    """A simple polygon; the last corner joins the first."""

    def __init__(self, corners: Sequence[Point]) -> None:
        self._edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))

    @property
    def area(self) -> float:
        """Its area [m²] (shoelace formula); 0 if all corners lie on a line."""
        return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in self._edges)) / 2

    @property
    def crosses_itself(self) -> bool:
        """Whether two edges that are no neighbours meet."""
        last = len(self._edges) - 1
        return any(
            j - i > 1 and (i, j) != (0, last) and _meet(self._edges[i], self._edges[j])
            for i, j in itertools.combinations(range(len(self._edges)), 2)
        )

    def holds(self, point: Point) -> bool:
        """Whether a point is inside: a ray from it crosses the edge an odd number of times."""
        x, y = point
        inside = False
        for (ax, ay), (bx, by) in self._edges:
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                inside = not inside
        return inside

    def distance_to_edge(self, start: Point, end: Point) -> float:
        """Distance of a segment from the nearest edge [m]; 0 where it crosses one."""
        return min(_distance((start, end), edge) for edge in self._edges)


_Segment = tuple[Point, Point]


def _side(segment: _Segment, point: Point) -> float:
    """Over 0 to the left of a segment, under 0 to its right, 0 in line with it."""
    (ax, ay), (bx, by) = segment
    return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)


def _meet(first: _Segment, second: _Segment) -> bool:
    return _distance(first, second) == 0.0


def _cross(first: _Segment, second: _Segment) -> bool:
    """Whether two segments cross in a point that is no end of either."""
    return (
        _side(first, second[0]) * _side(first, second[1]) < 0
        and _side(second, first[0]) * _side(second, first[1]) < 0
    )


def _distance(first: _Segment, second: _Segment) -> float:
    if _cross(first, second):
        return 0.0
    return min(
        *(_distance_to_point(first, end) for end in second),
        *(_distance_to_point(second, end) for end in first),
    )


def _distance_to_point(segment: _Segment, point: Point) -> float:
    (ax, ay), (bx, by) = segment
    dx, dy = bx - ax, by - ay
    length_squared = dx * dx + dy * dy
    along = ((point[0] - ax) * dx + (point[1] - ay) * dy) / length_squared if length_squared else 0
    along = max(0.0, min(1.0, along))
    return math.hypot(point[0] - ax - along * dx, point[1] - ay - along * dy)
