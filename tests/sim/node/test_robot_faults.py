import pytest
from action_msgs.msg import GoalStatus
from rcl_interfaces.srv import SetParameters
from rclpy.parameter import Parameter

from nemotron_agent.sim.faults import DEATH_STATUS

pytestmark = pytest.mark.ros

TIMEOUT_SEC = 20.0

SUCCEEDED, ABORTED, CANCELED = (
    GoalStatus.STATUS_SUCCEEDED,
    GoalStatus.STATUS_ABORTED,
    GoalStatus.STATUS_CANCELED,
)


def set_fault(user, action, fault):
    request = SetParameters.Request()
    request.parameters = [Parameter(f'fault.{action}', value=fault).to_parameter_msg()]
    return user.call(SetParameters, 'simulated_robot/set_parameters', request).results[0]


def drive(user):
    return user.drive(1.0)


def grip(user):
    return user.grip(0.0)


COMMANDS = {
    'navigate_to_pose': lambda user: user.navigate(1.0, 0.5),
    'drive_on_heading': drive,
    'spin': lambda user: user.spin(3.0),
    'gripper_cmd': grip,
}
every_action = pytest.mark.parametrize('action', COMMANDS)


@every_action
def test_reject(action, user):
    assert set_fault(user, action, 'reject').successful
    assert not COMMANDS[action](user).accepted
    others = [name for name in COMMANDS if name != action]
    assert all(COMMANDS[name](user).accepted for name in others)
    assert set_fault(user, action, 'none').successful
    assert COMMANDS[action](user).accepted


@every_action
def test_abort(action, user):
    set_fault(user, action, 'abort')
    status, result = COMMANDS[action](user).wait()
    assert status == ABORTED
    if action != 'gripper_cmd':
        assert result.error_code == result.BLOCKED
        assert result.error_msg == f'the parameter fault.{action} says abort'
        state = user.standing()
        assert 0.0 < state.distance + state.angle < 3.0, 'it fails in the middle of its work'


def test_abort_of_a_goal_that_is_soon_done(user):
    set_fault(user, 'spin', 'abort')
    assert user.spin(0.01).wait()[0] == ABORTED


@every_action
def test_hang(action, user):
    set_fault(user, action, 'hang')
    before = user.watch.state
    goal = COMMANDS[action](user)
    state = user.state_when(lambda state: state.time_sec > before.time_sec + 4.0)
    assert not goal.is_over
    assert goal.feedback == []
    assert state.active_goals == (action,)
    assert (state.distance, state.angle, state.gripper) == (0.0, 0.0, before.gripper)
    assert goal.cancel() == 1
    assert goal.wait()[0] == CANCELED


def test_a_hung_goal_gives_way_to_a_new_one(user):
    set_fault(user, 'spin', 'hang')
    hung = user.spin(1.0)
    assert user.drive(0.5).wait()[0] == SUCCEEDED
    status, result = hung.wait()
    assert (status, result.error_msg) == (ABORTED, 'gave way to a newer goal')


@every_action
def test_ignore_cancel(action, user):
    set_fault(user, action, 'ignore_cancel')
    goal = COMMANDS[action](user)
    assert goal.cancel() == 1, 'it says that it will'
    assert goal.wait()[0] == SUCCEEDED, 'and does not'


def test_a_fault_that_is_none_is_not_taken(user):
    outcome = set_fault(user, 'spin', 'explode')
    assert not outcome.successful
    assert outcome.reason == (
        'parameter fault.spin is "explode": '
        'choose one of none, reject, abort, hang, ignore_cancel, die'
    )
    assert not set_fault(user, 'spin', 5).successful
    assert user.spin(0.1).wait()[0] == SUCCEEDED


@every_action
def test_die(action, start_process, make_user):
    process = start_process(**{f'fault.{action}': 'die', 'speed_up': 2.0})
    user = make_user()
    goal = COMMANDS[action](user)
    assert goal.accepted
    assert process.wait(TIMEOUT_SEC) == DEATH_STATUS
    assert not goal.is_over
    assert 'Traceback' not in process.stdout.read()
