import math

import pytest

from nemotron_agent.sim.gripper import GripperMove
from nemotron_agent.sim.kinematics import Pose
from nemotron_agent.sim.motion import DriveOnHeading, Navigate, Spin
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.sighting import direction, in_words
from nemotron_agent.sim.start import Start


def at_the_kitchen(simulation):
    simulation.base.pose = Pose(4.0, 1.0, 0.0)
    return simulation


def grip(simulation, run, opening, max_effort=0.0):
    move = GripperMove(opening, max_effort)
    simulation.hand.start(move)
    run(simulation, move)
    return move


def test_closing_takes_the_nearest_object_that_fits(simulation, run_until_ended):
    at_the_kitchen(simulation)
    grip(simulation, run_until_ended, 0.0)
    gripper = simulation.hand.gripper
    assert simulation.hand.holding == 'cup'
    assert (gripper.stalled, gripper.reached, gripper.opening) == (True, False, 0.07)
    assert gripper.effort > 0.0


def test_what_is_held_moves_along_and_stays_where_it_is_let_go(simulation, run_until_ended):
    at_the_kitchen(simulation)
    grip(simulation, run_until_ended, 0.0)
    motion = Navigate(Pose(0.0, 0.0, 0.0))
    simulation.base.start(motion)
    run_until_ended(simulation, motion)
    cup = simulation.hand.objects['cup']
    assert simulation.base.pose.distance_to(cup.x, cup.y) == pytest.approx(0.3)
    grip(simulation, run_until_ended, 0.08)
    assert simulation.hand.holding is None
    simulation.base.start(motion := DriveOnHeading(-1.0))
    run_until_ended(simulation, motion)
    assert simulation.hand.objects['cup'] == cup
    assert (cup.x, cup.y) == pytest.approx((0.3, 0.0), abs=0.05)


def test_closing_on_nothing_reaches_the_opening(simulation, run_until_ended):
    move = grip(simulation, run_until_ended, 0.0)
    gripper = simulation.hand.gripper
    assert move.end is MovementEnd.SUCCEEDED
    assert (gripper.stalled, gripper.reached, gripper.opening) == (False, True, 0.0)
    assert simulation.hand.holding is None
    assert move.elapsed_sec == pytest.approx(0.8, abs=0.05)


def test_closing_no_farther_than_the_object_is_wide_takes_nothing(simulation, run_until_ended):
    at_the_kitchen(simulation)
    grip(simulation, run_until_ended, 0.075)
    assert simulation.hand.holding is None
    assert simulation.hand.gripper.reached


def test_a_closed_gripper_takes_nothing(simulation, run_until_ended):
    grip(simulation, run_until_ended, 0.0)
    at_the_kitchen(simulation)
    grip(simulation, run_until_ended, 0.0)
    assert simulation.hand.holding is None


def test_closing_again_keeps_the_hold(simulation, run_until_ended):
    at_the_kitchen(simulation)
    grip(simulation, run_until_ended, 0.0)
    grip(simulation, run_until_ended, 0.0, max_effort=5.0)
    assert simulation.hand.holding == 'cup'
    assert simulation.hand.gripper.effort == 5.0


def test_what_is_too_far_too_wide_or_not_graspable_is_left(make_simulation, run_until_ended):
    simulation = make_simulation(
        objects={
            'far': {'x': 0.7, 'y': 0.0},
            'wide': {'x': 0.2, 'y': 0.0, 'width': 0.2},
            'fixed': {'x': 0.1, 'y': 0.0, 'graspable': False},
        }
    )
    grip(simulation, run_until_ended, 0.0)
    assert simulation.hand.holding is None


def test_a_stopped_gripper_stays_where_it_is(simulation, run_until_ended):
    move = GripperMove(0.0)
    simulation.hand.start(move)
    for _ in range(10):
        simulation.step()
    move.stop(MovementEnd.CANCELED)
    run_until_ended(simulation, move)
    opening = simulation.hand.gripper.opening
    assert move.end is MovementEnd.CANCELED
    assert 0.0 < opening < 0.08
    for _ in range(50):
        simulation.step()
    assert simulation.hand.gripper.opening == opening


def test_a_new_gripper_movement_preempts(simulation, run_until_ended):
    first, second = GripperMove(0.0), GripperMove(0.05)
    simulation.hand.start(first)
    simulation.step()
    simulation.hand.start(second)
    run_until_ended(simulation, second)
    assert first.end is MovementEnd.PREEMPTED
    assert simulation.hand.gripper.opening == 0.05


def test_a_hung_gripper_keeps_hold_and_can_be_stopped(simulation, run_until_ended):
    at_the_kitchen(simulation)
    grip(simulation, run_until_ended, 0.0)
    move = GripperMove(0.08)
    move.hung = True
    simulation.hand.start(move)
    for _ in range(200):
        simulation.step()
    assert move.end is None
    assert simulation.hand.holding == 'cup'
    move.stop(MovementEnd.CANCELED)
    run_until_ended(simulation, move)
    assert simulation.hand.holding == 'cup'


@pytest.mark.parametrize(
    ('opening', 'max_effort', 'problem'),
    [
        (0.0, 0.0, None),
        (0.08, 20.0, None),
        (-0.01, 0.0, 'opening -0.01 m is out of range: 0 (closed) to 0.08 (open)'),
        (0.09, 0.0, 'opening 0.09 m is out of range: 0 (closed) to 0.08 (open)'),
        (math.nan, 0.0, 'opening nan m is out of range: 0 (closed) to 0.08 (open)'),
        (0.0, -1.0, 'max_effort -1.0 N is out of range: 0 (no limit) or more'),
        (0.0, math.inf, 'max_effort inf N is out of range: 0 (no limit) or more'),
    ],
)
def test_gripper_commands_have_bounds(opening, max_effort, problem, simulation):
    assert simulation.hand.gripper.problem(opening, max_effort) == problem


def test_driving_and_turning_drain_the_battery(make_simulation, run_until_ended):
    simulation = make_simulation(
        battery={'level': 0.5, 'per_sec': 0.0, 'per_meter': 0.01, 'per_rad': 0.02}, dock=None
    )
    for motion in (DriveOnHeading(-1.0), Spin(-2.0)):
        simulation.base.start(motion)
        run_until_ended(simulation, motion)
    assert simulation.battery.level == pytest.approx(0.5 - 0.01 - 0.04, abs=1e-4)
    assert not simulation.battery.charging


def test_standing_at_the_dock_charges_up_to_full(make_simulation):
    simulation = make_simulation(battery={'level': 0.98, 'charge_per_sec': 0.01})
    simulation.step()
    assert simulation.battery.charging
    for _ in range(500):
        simulation.step()
    assert simulation.battery.level == 1.0
    assert simulation.battery.voltage == pytest.approx(25.2)


def test_passing_the_dock_does_not_charge(simulation):
    simulation.base.start(DriveOnHeading(0.4))
    for _ in range(10):
        simulation.step()
    assert not simulation.battery.charging


def test_places_have_a_radius(simulation):
    assert simulation.place == 'dock'
    simulation.base.pose = Pose(0.49, 0.0, 0.0)
    assert simulation.place == 'dock'
    simulation.base.pose = Pose(2.0, 0.0, 0.0)
    assert simulation.place is None


def test_it_sees_what_is_in_range_nearest_first(simulation):
    assert simulation.sightings() == []
    assert in_words(simulation.sightings()) == 'nothing'
    at_the_kitchen(simulation)
    assert [each.name for each in simulation.sightings()] == ['sofa', 'cup', 'book']


def test_it_does_not_see_behind_a_narrow_field_of_view(make_simulation):
    simulation = make_simulation(
        body={'field_of_view': 1.0},
        objects={'ahead': {'x': 1.0, 'y': 0.4}, 'behind': {'x': -1.0, 'y': 0.0}},
    )
    assert [each.name for each in simulation.sightings()] == ['ahead']


def test_what_is_held_is_always_seen(make_simulation, run_until_ended):
    simulation = make_simulation(objects={'red_cup': {'x': -0.4, 'y': 0.0}}, body={})
    grip(simulation, run_until_ended, 0.0)
    assert in_words(simulation.sightings()) == 'red cup in the gripper'


@pytest.mark.parametrize(
    ('bearing_deg', 'words'),
    [
        (0, 'ahead'),
        (-20, 'ahead'),
        (45, 'ahead to the left'),
        (90, 'to the left'),
        (-90, 'to the right'),
        (-135, 'behind to the right'),
        (180, 'behind'),
        (-180, 'behind'),
        (-45, 'ahead to the right'),
    ],
)
def test_directions_in_words(bearing_deg, words):
    assert direction(math.radians(bearing_deg)) == words


def test_sightings_in_words(simulation):
    simulation.base.pose = Pose(4.4, -0.5, math.pi / 2)
    assert in_words(simulation.sightings()) == (
        'cup 1.5 m ahead; sofa 1.5 m ahead; book 1.6 m ahead'
    )


def test_reset_puts_everything_back_but_the_time(simulation, run_until_ended):
    at_the_kitchen(simulation)
    grip(simulation, run_until_ended, 0.0)
    simulation.light_is_on = True
    motion, move = DriveOnHeading(1.0), GripperMove(0.08)
    simulation.base.start(motion)
    simulation.step()
    simulation.hand.start(move)
    time_sec = simulation.time_sec
    simulation.reset()
    assert motion.end is MovementEnd.RESET
    assert move.end is MovementEnd.RESET
    assert simulation.base.pose == simulation.world.start
    assert simulation.hand.holding is None
    assert simulation.hand.objects['cup'].x == pytest.approx(4.4)
    assert not simulation.light_is_on
    assert simulation.time_sec == time_sec


def test_the_same_commands_end_in_the_same_state(make_simulation):
    ends = []
    for _ in range(2):
        simulation = make_simulation()
        simulation.base.start(Navigate(Pose(3.0, -2.0, 1.0)))
        for _ in range(1000):
            simulation.step()
        ends.append((simulation.base.pose, simulation.battery.level, simulation.time_sec))
    assert ends[0] == ends[1]


def test_reset_goes_to_a_start(simulation):
    simulation.reset(Start('kitchen', 'book', light=True))
    for _ in range(10):
        simulation.step()
    assert (simulation.place, simulation.hand.holding) == ('kitchen', 'book')
    assert simulation.light_is_on
    assert simulation.hand.gripper.stalled
    assert simulation.hand.gripper.opening == 0.03


@pytest.mark.parametrize(
    ('start', 'problem'),
    [
        (Start(), ''),
        (Start('kitchen', 'cup'), ''),
        (Start('kichen'), 'there is no place "kichen": did you mean kitchen?'),
        (Start(holding='sofa'), 'the gripper cannot hold "sofa": choose another object'),
        (Start(holding='cap'), 'there is no object "cap": did you mean cup?'),
    ],
)
def test_a_start_fits_the_world(start, problem, simulation):
    assert start.problem(simulation.world) == problem
