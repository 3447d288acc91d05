import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemotron_agent.sim.kinematics import (
    STANDSTILL,
    DriveLimits,
    Pose,
    Velocity,
    advance,
    approach,
    braking_speed,
    towards_stop,
    velocity_of_wheels,
    wheel_speeds,
    within_limits,
    wrap_angle,
)

LIMITS = DriveLimits()
STEP_SEC = 0.02

angles = st.floats(-1000.0, 1000.0)
coordinates = st.floats(-100.0, 100.0)
speeds = st.floats(-5.0, 5.0)
poses = st.builds(Pose, coordinates, coordinates, st.floats(-math.pi, math.pi))
velocities = st.builds(Velocity, speeds, speeds)


@given(angles)
def test_wrapping_keeps_the_direction(angle):
    wrapped = wrap_angle(angle)
    assert -math.pi <= wrapped < math.pi
    assert math.cos(wrapped) == pytest.approx(math.cos(angle), abs=1e-9)
    assert math.sin(wrapped) == pytest.approx(math.sin(angle), abs=1e-9)


@pytest.mark.parametrize('angle', [math.pi, -math.pi, 3 * math.pi, -math.pi - 1e-17])
def test_half_a_turn_is_always_the_same(angle):
    assert wrap_angle(angle) == pytest.approx(-math.pi)


@given(velocities, st.floats(0.05, 2.0))
def test_wheels_and_velocity_say_the_same(velocity, separation):
    back = velocity_of_wheels(*wheel_speeds(velocity, separation), separation)
    assert back.linear == pytest.approx(velocity.linear, abs=1e-9)
    assert back.angular == pytest.approx(velocity.angular, abs=1e-9)


@given(velocities)
def test_no_wheel_is_faster_than_it_can(wanted):
    limited = within_limits(wanted, LIMITS)
    assert abs(limited.linear) <= LIMITS.linear_speed + 1e-9
    assert abs(limited.angular) <= LIMITS.angular_speed + 1e-9
    fastest = max(abs(speed) for speed in wheel_speeds(limited, LIMITS.wheel_separation))
    assert fastest <= LIMITS.wheel_speed + 1e-9
    assert limited.linear * wanted.linear >= 0
    assert limited.angular * wanted.angular >= 0


def test_a_wheel_too_fast_slows_both_so_that_the_curve_stays():
    wanted = Velocity(0.6, 1.2)
    limited = within_limits(wanted, LIMITS)
    assert limited.linear < wanted.linear
    assert limited.angular / limited.linear == pytest.approx(wanted.angular / wanted.linear)


@given(velocities, velocities)
def test_speed_changes_no_faster_than_the_acceleration(current, wanted):
    current = within_limits(current, LIMITS)
    after = approach(current, wanted, LIMITS, STEP_SEC)
    assert abs(after.linear - current.linear) <= LIMITS.linear_acceleration * STEP_SEC + 1e-9
    assert abs(after.angular - current.angular) <= LIMITS.angular_acceleration * STEP_SEC + 1e-9


@given(poses, velocities)
def test_a_step_is_the_sum_of_its_parts(pose, velocity):
    """An exact arc does not depend on how finely it is cut."""
    whole = advance(pose, velocity, 0.4)
    parts = pose
    for _ in range(8):
        parts = advance(parts, velocity, 0.05)
    assert (parts.x, parts.y) == pytest.approx((whole.x, whole.y), abs=1e-6)
    assert abs(wrap_angle(parts.yaw - whole.yaw)) < 1e-6


def test_a_full_circle_ends_where_it_began():
    pose = Pose(1.0, 2.0, 0.3)
    for _ in range(100):
        pose = advance(pose, Velocity(0.5, 1.0), 2 * math.pi / 100)
    assert (pose.x, pose.y, pose.yaw) == pytest.approx((1.0, 2.0, 0.3))


@given(poses, speeds)
def test_straight_on_is_straight(pose, speed):
    after = advance(pose, Velocity(speed, 0.0), 1.0)
    assert after.x == pytest.approx(pose.x + speed * math.cos(pose.yaw), abs=1e-6)
    assert after.y == pytest.approx(pose.y + speed * math.sin(pose.yaw), abs=1e-6)


@given(st.floats(0.0, 20.0), st.floats(0.1, 5.0), st.sampled_from([0.01, 0.02, 0.05]))
def test_braking_from_the_braking_speed_ends_at_the_distance(distance, deceleration, step_sec):
    speed = braking_speed(distance, deceleration, step_sec)
    driven = 0.0
    for _ in range(10_000):
        driven += speed * step_sec
        left = distance - driven
        slower = braking_speed(left, deceleration, step_sec)
        assert slower >= speed - deceleration * step_sec - 1e-6, 'it brakes too hard'
        speed = slower
        if left <= 1e-9:
            break
    assert driven == pytest.approx(distance, abs=1e-6)


def test_there_is_no_speed_left_at_the_wall():
    assert braking_speed(0.0, 1.0, STEP_SEC) == 0.0
    assert braking_speed(-1.0, 1.0, STEP_SEC) == 0.0


def test_the_longest_way_there_is_has_a_speed():
    assert towards_stop(1.7e308, 0.5, 1.0, STEP_SEC) == 0.5


@given(st.floats(-10.0, 10.0))
def test_the_way_back_is_negative(remaining):
    speed = towards_stop(remaining, 0.5, 1.0, STEP_SEC)
    assert abs(speed) <= 0.5
    assert speed * remaining >= 0


def test_bearing_is_seen_from_the_robot():
    pose = Pose(1.0, 1.0, math.pi / 2)
    assert pose.bearing_to(1.0, 5.0) == pytest.approx(0.0)
    assert pose.bearing_to(0.0, 1.0) == pytest.approx(math.pi / 2)
    assert pose.distance_to(4.0, 5.0) == pytest.approx(5.0)


def test_standing_still_stays_put():
    assert advance(Pose(1.0, 2.0, 3.0), STANDSTILL, 1.0) == Pose(1.0, 2.0, 3.0)
