import math
import re
import signal

import pytest
from action_msgs.msg import GoalStatus
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.testing.ros_domain import wait_for

pytestmark = pytest.mark.ros

TIMEOUT_SEC = 20.0


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_in_mid_goal(number, start_process, make_user):
    process = start_process()
    user = make_user()
    goals = [user.drive(4.0), user.grip(0.0)]
    user.state_when(lambda state: state.linear > 0.2)
    process.send_signal(number)
    status, result = goals[0].wait()
    assert (status, result.error_msg) == (GoalStatus.STATUS_ABORTED, 'the robot shuts down')
    assert process.wait(TIMEOUT_SEC) == 0
    assert 'Traceback' not in process.stdout.read()


@pytest.mark.parametrize(
    ('parameters', 'message'),
    [
        ({'world_file': '/no/world.yaml'}, '/no/world.yaml: cannot be read'),
        ({'places_file': '/no/places.yaml'}, '/no/places.yaml: cannot be read'),
        ({'speed_up': 1000.0}, 'parameter speed_up: choose a number from 0.1 to 100'),
        ({'speed_up': math.nan}, 'parameter speed_up: choose a number from 0.1 to 100'),
        ({'speed_up': 5}, 'parameter speed_up has the wrong type: write a number with a point'),
        ({'step_sec': 0.0}, 'parameter step_sec: choose a number from 0.001 to 0.1'),
        ({'publish_clock': 3}, 'parameter publish_clock has the wrong type: write true or false'),
        ({'world_file': 3}, 'parameter world_file has the wrong type: write text'),
        ({'fault.spin': 'explode'}, 'parameter fault.spin: choose one of none, reject, abort'),
    ],
)
def test_a_bad_start_says_what_to_change(parameters, message, make_robot):
    with pytest.raises(ConfigurationError, match=re.escape(message)):
        make_robot(**parameters)


def test_a_bad_start_ends_the_process_with_one_clear_line(start_process):
    process = start_process(world_file='/no/world.yaml')
    output, _ = process.communicate(timeout=TIMEOUT_SEC)
    assert process.returncode == 1
    assert 'simulated_robot: /no/world.yaml: cannot be read' in output
    assert 'Traceback' not in output


def test_what_the_start_gave_stays(robot):
    outcome = robot.set_parameters([Parameter('speed_up', value=2.0)])[0]
    assert not outcome.successful


def test_a_failed_start_leaves_no_robot(make_robot, make_user):
    with pytest.raises(ConfigurationError):
        make_robot(world_file='/no/world.yaml')
    make_robot()
    assert make_user().drive(0.1).accepted


def test_two_robots_in_namespaces_do_not_hear_each_other(make_robot, make_user):
    for namespace in ('r1', 'r2'):
        make_robot(namespace)
    first, second = (make_user(name) for name in ('r1', 'r2'))
    first.navigate(4.0, 1.0).wait()
    first.grip(0.0).wait()
    assert first.standing().holding == 'red_cup'
    there = second.watch.wait_for_next(lambda state: True, TIMEOUT_SEC)
    assert (there.x, there.y, there.distance, there.holding) == (0.0, 0.0, 0.0, None)
    assert there.objects['red_cup'] == pytest.approx((4.4, 1.1))
    second.spin(1.0).wait()
    assert second.standing().angle == pytest.approx(1.0, abs=0.01)
    assert first.standing().place == 'kitchen'


def test_the_simulated_time_is_published_if_asked_for(make_robot, make_user):
    make_robot(publish_clock=True)
    user = make_user()
    times = user.collect(Clock, '/clock')
    wait_for(lambda: len(times) > 10)
    seconds = [message.clock.sec + message.clock.nanosec * 1e-9 for message in times]
    assert seconds == sorted(seconds)
    assert seconds[-1] > seconds[0]


def test_without_that_there_is_no_clock(user):
    assert user.node.count_publishers('/clock') == 0
