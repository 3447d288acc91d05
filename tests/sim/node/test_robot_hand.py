import math

import pytest
from action_msgs.msg import GoalStatus
from sensor_msgs.msg import BatteryState
from std_msgs.msg import String
from std_srvs.srv import SetBool, Trigger

from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.sim.qos import LATCHED
from nemotron_agent.testing.ros_domain import wait_for

pytestmark = pytest.mark.ros

SUCCEEDED, ABORTED = GoalStatus.STATUS_SUCCEEDED, GoalStatus.STATUS_ABORTED


def test_it_grasps_carries_and_puts_down(user):
    user.navigate(4.0, 1.0).wait()
    status, result = user.grip(0.0, max_effort=5.0).wait()
    assert status == SUCCEEDED
    assert (result.stalled, result.reached_goal) == (True, False)
    assert (result.position, result.effort) == pytest.approx((0.07, 5.0))
    assert user.standing().holding == 'red_cup'
    user.navigate(0.0, 0.0).wait()
    status, result = user.grip(0.08).wait()
    assert (status, result.stalled, result.reached_goal) == (SUCCEEDED, False, True)
    state = user.standing()
    assert state.holding is None
    assert math.dist(state.objects['red_cup'], (state.x, state.y)) == pytest.approx(0.3, abs=0.01)


def test_it_closes_on_nothing(user):
    status, result = user.grip(0.0).wait()
    assert (status, result.stalled, result.reached_goal) == (SUCCEEDED, False, True)
    assert user.standing().holding is None


@pytest.mark.parametrize(
    ('opening', 'effort'), [(0.5, 0.0), (-0.1, 0.0), (math.nan, 0.0), (0, -1)]
)
def test_a_gripper_command_out_of_range_is_rejected(opening, effort, user):
    assert not user.grip(float(opening), float(effort)).accepted
    assert user.standing().ended_goals == ()


def test_the_battery_is_told_and_charges_at_the_dock(user):
    messages = user.collect(BatteryState, 'battery_state', LATCHED)
    wait_for(lambda: len(messages) > 1 and messages[-1].percentage > messages[0].percentage)
    assert messages[-1].power_supply_status == BatteryState.POWER_SUPPLY_STATUS_CHARGING
    wait_for(lambda: messages[-1].power_supply_status == BatteryState.POWER_SUPPLY_STATUS_FULL, 20)
    user.drive(2.0).wait()
    wait_for(
        lambda: messages[-1].power_supply_status == BatteryState.POWER_SUPPLY_STATUS_DISCHARGING
    )
    assert 0.98 < messages[-1].percentage < 1.0
    assert messages[-1].present
    assert 21.0 < messages[-1].voltage < 25.2


def test_without_power_nothing_moves(make_robot, make_user, tmp_path):

    world = config_file('world.yaml').read_text().replace('level: 0.9', 'level: 0.001')
    world = world.replace('dock: dock', '')
    (tmp_path / 'world.yaml').write_text(world)
    make_robot(world_file=str(tmp_path / 'world.yaml'))
    user = make_user()
    for send, amounts in ((user.navigate, (4.0, 1.0)), (user.drive, (1.0,)), (user.spin, (1.0,))):
        status, result = send(*amounts).wait()
        assert status == ABORTED
        assert (result.error_code, result.error_msg) == (result.NO_POWER, 'the battery is empty')
    assert user.standing().distance < 1.0


def test_detections_are_told_in_words(user):
    messages = user.collect(String, 'detections', LATCHED)
    wait_for(lambda: messages and messages[-1].data == 'book 3.2 m ahead to the left')
    user.navigate(5.0, -2.0).wait()
    wait_for(lambda: messages[-1].data.startswith('toolbox 0.4 m ahead to the right; red cup'))
    user.grip(0.0).wait()
    wait_for(lambda: messages[-1].data.startswith('toolbox in the gripper; '))


def test_detections_are_told_as_boxes_where_vision_msgs_is_there(user):
    vision_msgs = pytest.importorskip('vision_msgs.msg', reason='vision_msgs is not installed')
    messages = user.collect(vision_msgs.Detection3DArray, 'detections_3d')
    book = wait_for(lambda: messages and messages[-1].detections)[0]
    assert (book.id, book.results[0].hypothesis.class_id) == ('book', 'book')
    center = book.bbox.center.position
    assert (center.x, center.y) == pytest.approx((2.3, 2.2))
    assert messages[-1].header.frame_id == 'base_link'


def test_what_it_is_told_to_say_is_said(user):
    said = user.collect(String, 'said', LATCHED)
    publisher = user.node.create_publisher(String, 'say', 10)
    wait_for(lambda: publisher.get_subscription_count() > 0)
    publisher.publish(String(data='good morning'))
    wait_for(lambda: [message.data for message in said] == ['good morning'])
    assert user.state_when(lambda state: state.said == 'good morning')
    late = user.collect(String, 'said', LATCHED)
    wait_for(lambda: [message.data for message in late] == ['good morning'])


def test_the_light_is_switched(user):
    for on in (True, False):
        response = user.call(SetBool, 'set_light', SetBool.Request(data=on))
        assert response.success
        assert response.message == f'the light is {"on" if on else "off"}'
        assert user.state_when(lambda state, on=on: state.light is on)


def test_reset_ends_goals_and_puts_everything_back(user):
    user.navigate(4.0, 1.0).wait()
    user.grip(0.0).wait()
    goal = user.drive(-3.0)
    user.state_when(lambda state: state.linear < 0)
    assert user.call(Trigger, 'reset').success
    status, result = goal.wait()
    assert (status, result.error_msg) == (ABORTED, 'the robot was reset')
    state = user.state_when(lambda state: state.place == 'dock')
    assert (state.x, state.y, state.holding) == (0.0, 0.0, None)
    assert state.objects['red_cup'] == pytest.approx((4.4, 1.1))
    assert user.drive(0.1).wait()[0] == SUCCEEDED
