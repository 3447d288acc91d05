import math
import types

import pytest

pytest.importorskip('rclpy')

from nemotron_agent.cli.demo_steps import STEPS, Ended, Kind
from nemotron_agent.sim.robot_watch import RobotState

START = RobotState(0.0, 0.0, 0.0, 'dock', None, False, 0.9, False)


def state(**changes):
    return RobotState(**{**vars(START), **changes})


def step(command):
    return next(step for step in STEPS if step.command.startswith(command))


def agrees(command, *states, answer='', canceled=False):
    ended = Ended([START, *states], types.SimpleNamespace(answer=answer), canceled)
    return step(command).agrees(ended)


def test_the_demo_has_all_it_promises():
    kinds = [step.kind for step in STEPS]
    assert len(STEPS) >= 6
    assert set(kinds) == set(Kind)


@pytest.mark.parametrize(
    ('command', 'right', 'wrong'),
    [
        ('Go to the kitchen', {'place': 'kitchen'}, {'place': 'table'}),
        ('Go to the kitchen', {'place': 'kitchen'}, {'place': 'kitchen', 'moving': True}),
        ('Grasp', {'holding': 'red_cup'}, {'holding': 'book'}),
        ('Drive backward', {'x': -0.5}, {'x': 0.5}),
        ('Drive backward', {'x': -0.5}, {'x': -0.5, 'y': 0.4}),
        ('Turn left', {'yaw': math.pi / 2}, {'yaw': -math.pi / 2}),
        ('Turn left', {'yaw': math.pi / 2 - math.tau}, {'yaw': 0.0}),
        ('Go to the table', {'place': 'table'}, {'place': 'table', 'holding': 'red_cup'}),
        ('Fly', {}, {'x': 1.0}),
    ],
)
def test_the_real_state_decides(command, right, wrong):
    assert agrees(command, state(**right))
    assert not agrees(command, state(**wrong))


@pytest.mark.parametrize(
    ('answer', 'told'),
    [('It is at 90 %.', True), ('89.5 percent', True), ('50 %', False), ('', False)],
)
def test_the_battery_told_must_be_the_real_one(answer, told):
    assert agrees('How full', START, answer=answer) is told


def test_back_is_the_place_before_this_one():
    before = [state(place='kitchen'), state(place=None, x=3.0), state(place='table')]
    assert agrees('Now go back', *before, state(place='kitchen'))
    assert not agrees('Now go back', *before, state(place='dock'))


@pytest.mark.parametrize(
    ('changes', 'canceled', 'right'),
    [
        ({'place': None}, True, True),
        ({'place': None}, False, False),
        ({'place': None, 'moving': True}, True, False),
        ({'place': 'workshop'}, True, False),
    ],
)
def test_a_cancel_must_stop_it_on_the_way(changes, canceled, right):
    assert agrees('Go to the workshop', state(**changes), canceled=canceled) is right
