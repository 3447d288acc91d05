import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemotron_agent.sim.kinematics import STANDSTILL, Pose, Velocity, wrap_angle
from nemotron_agent.sim.motion import DriveOnHeading, Navigate, Spin
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.simulation import Simulation
from nemotron_agent.sim.world import World
from nemotron_agent.sim.world_file import WorldFile
from nemotron_agent.skills.places import Places

HALL = World(
    WorldFile.model_validate(
        {'room': {'min_x': -20, 'max_x': 20, 'min_y': -20, 'max_y': 20}, 'start': 'middle'}
    ),
    Places.model_validate({'places': {'middle': {'x': 0, 'y': 0}}}),
)


def run(simulation, motion):
    simulation.base.start(motion)
    for _ in range(20_000):
        if motion.end is not None:
            return
        simulation.step()
    pytest.fail('it never ends')


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-15.0, 15.0),
    st.floats(-15.0, 15.0),
    st.floats(-math.pi, math.pi),
    st.floats(-math.pi, math.pi),
)
def test_navigation_arrives_from_anywhere(x, y, yaw, start_yaw):
    simulation = Simulation(HALL)
    simulation.base.pose = Pose(0.0, 0.0, start_yaw)
    motion = Navigate(Pose(x, y, yaw))
    run(simulation, motion)
    assert motion.end is MovementEnd.SUCCEEDED
    assert simulation.base.pose.distance_to(x, y) < 0.03
    assert abs(wrap_angle(simulation.base.pose.yaw - yaw)) < 0.02
    assert simulation.base.velocity == STANDSTILL


@settings(max_examples=40, deadline=None)
@given(st.floats(-10.0, 10.0), st.floats(0.0, 2.0))
def test_a_drive_is_as_long_as_asked_and_straight(distance, speed):
    simulation = Simulation(HALL)
    run(simulation, DriveOnHeading(distance, speed if speed > 0.01 else 0.0))
    assert simulation.base.pose.x == pytest.approx(distance, abs=0.002)
    assert simulation.base.pose.y == pytest.approx(0.0, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(-15.0, 15.0))
def test_a_spin_is_as_far_as_asked_also_over_full_turns(angle):
    simulation = Simulation(HALL)
    motion = Spin(angle)
    run(simulation, motion)
    assert motion.angle == pytest.approx(angle, abs=0.002)
    assert (simulation.base.pose.x, simulation.base.pose.y) == (0.0, 0.0)


def test_no_faster_than_asked(simulation, run_until_ended):
    motion = DriveOnHeading(1.0, speed=0.2)
    simulation.base.start(motion)
    assert max(v.linear for v in run_until_ended(simulation, motion)) == pytest.approx(0.2)


def test_a_cancel_brakes_within_the_limits(simulation, run_until_ended):
    motion = DriveOnHeading(5.0)
    simulation.base.start(motion)
    while simulation.base.velocity.linear < 0.59:
        simulation.step()
    before = motion.distance
    motion.stop(MovementEnd.CANCELED)
    velocities = run_until_ended(simulation, motion)
    most = simulation.world.drive_limits.linear_acceleration * simulation.step_sec
    steps = zip(velocities, velocities[1:], strict=False)
    assert all(a.linear - b.linear <= most + 1e-9 for a, b in steps)
    assert motion.end is MovementEnd.CANCELED
    assert simulation.base.velocity == STANDSTILL
    assert 0.0 < motion.distance - before < 0.3


def test_the_first_reason_to_stop_stays(simulation, run_until_ended):
    motion = DriveOnHeading(5.0)
    simulation.base.start(motion)
    simulation.step()
    motion.stop(MovementEnd.CANCELED)
    motion.stop(MovementEnd.FAULT)
    run_until_ended(simulation, motion)
    assert motion.end is MovementEnd.CANCELED
    motion.finish(MovementEnd.CLOSED)
    assert motion.end is MovementEnd.CANCELED


@pytest.mark.parametrize('make', [lambda: DriveOnHeading(5.0, 0.0, 2.0), lambda: Spin(50.0, 2.0)])
def test_the_time_allowance_ends_it(make, simulation, run_until_ended):
    motion = make()
    simulation.base.start(motion)
    run_until_ended(simulation, motion)
    assert motion.end is MovementEnd.TIMED_OUT
    assert 2.0 <= motion.elapsed_sec < 3.0


@pytest.mark.parametrize('distance', [10.0, -10.0])
def test_a_wall_blocks_and_is_not_run_into(distance, simulation, run_until_ended):
    motion = DriveOnHeading(distance)
    simulation.base.start(motion)
    velocities = run_until_ended(simulation, motion)
    room, radius = simulation.world.room, simulation.world.body.radius
    wall = room.max_x - radius if distance > 0 else room.min_x + radius
    assert motion.end is MovementEnd.BLOCKED
    assert simulation.base.pose.x == pytest.approx(wall, abs=0.002)
    most = simulation.world.drive_limits.linear_acceleration * simulation.step_sec
    steps = zip(velocities, velocities[1:], strict=False)
    assert all(abs(a.linear - b.linear) <= most + 1e-9 for a, b in steps)


def test_one_can_drive_away_from_a_wall(simulation, run_until_ended):
    there, back = DriveOnHeading(10.0), DriveOnHeading(-1.0)
    for motion in (there, back):
        simulation.base.start(motion)
        run_until_ended(simulation, motion)
    assert back.end is MovementEnd.SUCCEEDED


def test_a_new_motion_preempts_and_takes_over_the_speed(simulation, run_until_ended):
    first, second = DriveOnHeading(3.0), Navigate(Pose(0.0, 2.0, 0.0))
    simulation.base.start(first)
    for _ in range(100):
        simulation.step()
    speed = simulation.base.velocity.linear
    simulation.base.start(second)
    assert first.end is MovementEnd.PREEMPTED
    assert simulation.base.velocity.linear == speed
    run_until_ended(simulation, second)
    assert second.end is MovementEnd.SUCCEEDED
    assert simulation.base.pose.distance_to(0.0, 2.0) < 0.03


def test_a_hung_motion_goes_nowhere_but_can_be_stopped(simulation, run_until_ended):
    motion = DriveOnHeading(1.0)
    motion.hung = True
    simulation.base.start(motion)
    for _ in range(500):
        simulation.step()
    assert motion.end is None
    assert simulation.base.pose == simulation.world.start
    motion.stop(MovementEnd.CANCELED)
    run_until_ended(simulation, motion)
    assert motion.end is MovementEnd.CANCELED


def test_an_empty_battery_stops_the_base(make_simulation, run_until_ended):
    simulation = make_simulation(battery={'level': 0.002, 'charge_per_sec': 0.0})
    motion = DriveOnHeading(5.0)
    simulation.base.start(motion)
    run_until_ended(simulation, motion)
    assert motion.end is MovementEnd.NO_POWER
    assert 0.9 < motion.distance < 1.4
    again = Spin(1.0)
    simulation.base.start(again)
    run_until_ended(simulation, again)
    assert again.end is MovementEnd.NO_POWER
    assert again.angle == 0.0


def test_the_time_to_arrival_shrinks(simulation):
    motion = Navigate(Pose(4.0, 1.0, 0.0))
    simulation.base.start(motion)
    limits = simulation.world.drive_limits
    guesses = []
    while motion.end is None:
        guesses.append(motion.seconds_remaining(simulation.base.pose, limits))
        simulation.step()
    assert guesses[0] > 4.0 / limits.linear_speed
    assert guesses[-1] == pytest.approx(0.0, abs=0.1)
    assert all(
        later <= earlier + 0.05 for earlier, later in zip(guesses, guesses[1:], strict=False)
    )


def test_by_hand_it_goes_until_the_hand_is_silent(simulation):
    simulation.base.drive_by_hand(Velocity(0.2, 0.0), 0.5)
    for _ in range(20):
        simulation.step()
    assert simulation.base.velocity.linear == pytest.approx(0.2)
    for _ in range(50):
        simulation.step()
    assert simulation.base.velocity == STANDSTILL


def test_by_hand_nothing_happens_while_a_motion_is_under_way(simulation):
    simulation.base.start(DriveOnHeading(1.0))
    simulation.base.drive_by_hand(Velocity(0.0, 1.0), 0.5)
    for _ in range(20):
        simulation.step()
    assert simulation.base.velocity.angular == 0.0
    assert simulation.base.velocity.linear > 0.0


def test_by_hand_it_does_not_drive_through_walls(simulation):
    for _ in range(2000):
        simulation.base.drive_by_hand(Velocity(0.6, 0.1), 0.5)
        simulation.step()
        pose = simulation.base.pose
        assert simulation.world.room.holds(pose.x, pose.y, simulation.world.body.radius - 1e-9)
