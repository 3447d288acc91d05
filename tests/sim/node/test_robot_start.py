import threading

import pytest
from rcl_interfaces.srv import SetParametersAtomically
from rclpy.action import get_action_names_and_types
from rclpy.parameter import Parameter
from std_msgs.msg import String
from std_srvs.srv import Trigger

from nemotron_agent.sim.qos import LATCHED
from nemotron_agent.sim.robot_remote import RobotRemote, RobotRemoteError
from nemotron_agent.sim.robot_state import RobotState
from nemotron_agent.sim.served import SERVED, serves
from nemotron_agent.sim.start import Start
from nemotron_agent.testing.ros_domain import wait_for

pytestmark = pytest.mark.ros

AWAY = RobotState(5.0, 5.0, 0.0, None, None, light=False, battery=1.0, moving=False)


def set_parameters(user, **values):
    parameters = [Parameter(f'start.{name}', value=value) for name, value in values.items()]
    request = SetParametersAtomically.Request(
        parameters=[parameter.to_parameter_msg() for parameter in parameters]
    )
    service = 'simulated_robot/set_parameters_atomically'
    return user.call(SetParametersAtomically, service, request).result


def test_a_reset_goes_back_to_the_start_that_was_set(user):
    assert set_parameters(user, place='door', holding='book', light=True).successful
    assert user.watch.state.place == 'dock'
    assert user.call(Trigger, 'reset').success
    state = user.state_when(lambda state: state.place == 'door')
    assert (state.holding, state.light, state.moving) == ('book', True, False)
    assert (state.x, state.y, state.gripper) == (1.0, -2.0, 0.03)
    assert state.objects['book'] == pytest.approx((1.0, -2.3), abs=0.01)
    user.grip(0.08).wait()
    assert user.standing().holding is None


@pytest.mark.parametrize(
    ('values', 'reason'),
    [
        ({'place': 'kitchn'}, 'there is no place "kitchn": did you mean kitchen?'),
        ({'holding': 'sword'}, 'there is no object "sword": use one of: red_cup, toolbox, book'),
    ],
)
def test_a_start_that_cannot_be_is_refused(values, reason, user):
    result = set_parameters(user, **values)
    assert (result.successful, result.reason) == (False, reason)


def test_a_remote_puts_the_robot_at_its_start(user):
    remote = RobotRemote(user.node)
    state = remote.restart(Start('table', 'toolbox', light=True))
    assert (state.place, state.holding, state.light) == ('table', 'toolbox', True)
    assert remote.restart(Start()).holding is None
    with pytest.raises(RobotRemoteError, match='refuses the start: there is no place "moon"'):
        remote.restart(Start('moon'))


def test_a_remote_without_a_robot_says_so(ros_domain):
    remote = RobotRemote(ros_domain.make_node('user'))
    assert not remote.is_ready
    with pytest.raises(RobotRemoteError, match='has no service simulated_robot/set_parameters'):
        remote.restart(Start(), timeout_sec=0.1)


@pytest.mark.parametrize('answers', [False, True])
def test_a_remote_does_not_wait_for_ever(answers, ros_domain):
    released = threading.Event()

    def hold(request, response):
        released.wait(20)
        return response

    def agree(request, response):
        response.result.successful = True
        return response

    robot = ros_domain.make_node('simulated_robot', start_parameter_services=False)
    service = 'simulated_robot/set_parameters_atomically'
    robot.create_service(SetParametersAtomically, service, agree if answers else hold)
    robot.create_service(Trigger, 'reset', lambda request, response: response)
    remote = RobotRemote(ros_domain.make_node('user'))
    wait_for(lambda: remote.is_ready)
    states = robot.create_publisher(String, 'robot_state', LATCHED)
    states.publish(String(data=AWAY.to_json()))
    wait_for(lambda: remote.watch.wait_for(lambda state: True, 1.0))
    expected = 'was reset and is not at its start' if answers else 'did not answer'
    with pytest.raises(RobotRemoteError, match=expected):
        remote.restart(Start(light=True), timeout_sec=0.5)
    released.set()


def test_it_serves_what_the_table_says(user):
    node = user.node
    found = {
        'topic': dict(node.get_topic_names_and_types()),
        'service': dict(node.get_service_names_and_types()),
        'action': dict(get_action_names_and_types(node)),
    }
    for (kind, name), datatype in SERVED.items():
        assert found[kind][f'/{name}'] == [datatype]


def test_a_skill_is_served_by_name_and_type():
    assert serves('topic', '/say', 'std_msgs/msg/String')
    assert not serves('topic', 'say', 'std_msgs/msg/Bool')
    assert not serves('service', 'say', 'std_msgs/msg/String')
