import math

import hypothesis
import hypothesis.strategies as st
import pytest

from nemotron_agent.safety.plane import Polygon, Pose

SQUARE = Polygon([(0, 0), (2, 0), (2, 2), (0, 2)])
# A U: open to the top between x = 1 and x = 2.
BAY = Polygon([(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)])


@pytest.mark.parametrize(
    ('polygon', 'point', 'inside'),
    [
        (SQUARE, (1, 1), True),
        (SQUARE, (3, 1), False),
        (SQUARE, (-1, 0), False),
        (SQUARE, (1, 5), False),
        (BAY, (0.5, 2), True),
        (BAY, (1.5, 2), False),
        (BAY, (1.5, 0.5), True),
        (BAY, (math.nan, 1), False),
    ],
)
def test_inside_or_not(polygon, point, inside):
    assert polygon.holds(point) is inside


@pytest.mark.parametrize(
    ('polygon', 'start', 'end', 'distance'),
    [
        (SQUARE, (-1, 1), (3, 1), 0.0),
        (SQUARE, (0.5, 1), (1.5, 1), 0.5),
        (SQUARE, (3, -5), (3, 5), 1.0),
        (SQUARE, (5, 6), (5, 6), 5.0),
        (SQUARE, (2, 0.5), (2, 1.5), 0.0),  # along an edge
        (SQUARE, (-1, -1), (0, 0), 0.0),  # ends at a corner
        (BAY, (1.5, 2), (1.5, 5), 0.5),
        (BAY, (0.5, 2), (2.5, 2), 0.0),
    ],
)
def test_distance_to_the_edge(polygon, start, end, distance):
    assert polygon.distance_to_edge(start, end) == pytest.approx(distance)
    assert polygon.distance_to_edge(end, start) == pytest.approx(distance)


@pytest.mark.parametrize(
    ('corners', 'crosses', 'area'),
    [
        ([(0, 0), (2, 0), (2, 2), (0, 2)], False, 4.0),
        ([(0, 0), (2, 2), (2, 0), (0, 2)], True, 0.0),
        ([(0, 0), (1, 0), (2, 0)], False, 0.0),
        ([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)], True, 8.0),
    ],
)
def test_polygons_that_are_none(corners, crosses, area):
    polygon = Polygon(corners)
    assert polygon.crosses_itself is crosses
    assert polygon.area == pytest.approx(area)


coordinates = st.floats(-10, 10, allow_nan=False)
points = st.tuples(coordinates, coordinates)


@hypothesis.given(points, points, st.integers(0, 50))
def test_a_way_is_as_near_to_the_edge_as_its_nearest_point(start, end, step):
    share = step / 50
    on_the_way = tuple(a + share * (b - a) for a, b in zip(start, end, strict=True))
    nearest = BAY.distance_to_edge(start, end)
    assert nearest <= BAY.distance_to_edge(on_the_way, on_the_way) + 1e-9
    if nearest > 1e-9:  # then no point of it is on the other side
        assert BAY.holds(on_the_way) is BAY.holds(start)


def test_a_way_from_a_pose():
    pose = Pose('map', 1.0, 2.0, math.pi / 2)
    assert pose.moved(2.0) == pytest.approx((1.0, 4.0))
    assert pose.moved(-1.0, 0.5) == pytest.approx((0.5, 1.0))
