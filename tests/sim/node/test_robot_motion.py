import math

import pytest
from action_msgs.msg import GoalStatus
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from nemotron_agent_interfaces.action import DriveOnHeading, NavigateToPose, Spin

from nemotron_agent.testing.ros_domain import wait_for

pytestmark = pytest.mark.ros

SUCCEEDED, ABORTED, CANCELED = (
    GoalStatus.STATUS_SUCCEEDED,
    GoalStatus.STATUS_ABORTED,
    GoalStatus.STATUS_CANCELED,
)
LEFT = (math.sin(math.pi / 4), math.cos(math.pi / 4))


def test_it_navigates_to_a_pose(user):
    goal = user.navigate(4.0, 1.0, LEFT)
    status, result = goal.wait()
    state = user.standing()
    assert (status, result.error_code, result.error_msg) == (SUCCEEDED, 0, '')
    assert (state.x, state.y, state.yaw) == pytest.approx((4.0, 1.0, math.pi / 2), abs=0.05)
    assert state.place == 'kitchen'
    remaining = [feedback.distance_remaining for feedback in goal.feedback]
    assert remaining[0] == pytest.approx(math.hypot(4.0, 1.0), abs=0.2)
    assert remaining == sorted(remaining, reverse=True)
    assert goal.feedback[0].current_pose.header.frame_id == 'map'


def test_it_drives_and_spins_relative_to_itself(user):
    for send, amount in (
        (user.spin, math.pi / 2),
        (user.drive, 1.0),
        (user.drive, -0.4),
        (user.spin, -math.pi),
    ):
        status, result = send(amount).wait()
        assert (status, result.error_code) == (SUCCEEDED, 0)
        assert result.total_elapsed_time.sec >= 0
    state = user.standing()
    assert (state.x, state.y, state.yaw) == pytest.approx((0.0, 0.6, -math.pi / 2), abs=0.01)
    assert [goal.status for goal in state.ended_goals] == ['succeeded'] * 4


def test_one_goal_after_another_without_a_pause_between_state_and_result(user):
    """The state of a goal's end is out before its result."""
    for number in range(1, 6):
        user.spin(0.1).wait()
        assert user.state_when(lambda s, n=number: len(s.ended_goals) == n).active_goals == ()


def test_odometry_tells_pose_and_speed(user):
    messages = user.collect(Odometry, 'odom')
    user.drive(1.0).wait()
    wait_for(lambda: messages and messages[-1].pose.pose.position.x > 0.99)
    assert max(message.twist.twist.linear.x for message in messages) > 0.3
    assert (messages[0].header.frame_id, messages[0].child_frame_id) == ('odom', 'base_link')


def test_a_cancel_in_mid_drive_stops_it(user):
    goal = user.navigate(5.0, 0.0)
    user.state_when(lambda state: state.x > 0.5)
    assert goal.cancel() == 1
    status, result = goal.wait()
    state = user.standing()
    assert (status, result.error_code, result.error_msg) == (CANCELED, 0, '')
    assert state.x < 4.5
    assert state.ended_goals[-1].status == 'canceled'


def test_a_new_motion_goal_takes_the_place_of_the_one_under_way(user):
    first = user.navigate(5.0, 0.0)
    user.state_when(lambda state: state.x > 0.3)
    second = user.drive(-0.2)
    status, result = first.wait()
    assert (status, result.error_msg) == (ABORTED, 'gave way to a newer goal')
    assert second.wait()[0] == SUCCEEDED
    third = user.spin(0.5)
    assert third.wait()[0] == SUCCEEDED


def test_the_gripper_does_not_take_the_place_of_a_motion(user):
    motion = user.drive(1.0)
    assert user.grip(0.0).wait()[0] == SUCCEEDED
    assert motion.wait()[0] == SUCCEEDED


@pytest.mark.parametrize(
    ('x', 'y', 'orientation', 'frame_id', 'message'),
    [
        (50.0, 0.0, (0.0, 1.0), 'map', '(50.00, 0.00) is outside the room or too near to a wall'),
        (math.nan, 0.0, (0.0, 1.0), 'map', 'the position is not finite'),
        (1.0, 0.0, (0.0, 0.0), 'map', 'the orientation is not a unit quaternion'),
        (1.0, 0.0, (math.inf, 0.0), 'map', 'the orientation is not a unit quaternion'),
        (1.0, 0.0, (0.0, 1.0), 'moon', 'the frame "moon" is not known: give the pose in map'),
    ],
)
def test_a_pose_it_cannot_reach(x, y, orientation, frame_id, message, user):
    status, result = user.navigate(x, y, orientation, frame_id).wait()
    assert status == ABORTED
    assert result.error_code == NavigateToPose.Result.UNREACHABLE
    assert result.error_msg == message
    assert user.standing().distance == 0.0


def test_drives_and_spins_it_does_not_understand(user):
    sideways = DriveOnHeading.Goal()
    sideways.target.y = 1.0
    negative = Duration(sec=-1)
    for goal, message in (
        (user.drive(math.inf), 'target.x is not finite'),
        (user.send('drive_on_heading', sideways), 'target.y and target.z must be 0: turn first'),
        (user.drive(1.0, speed=-0.5), 'speed -0.5 m/s is out of range'),
        (user.drive(1.0, time_allowance=negative), 'time_allowance is negative: 0 is no limit'),
        (user.spin(math.nan), 'target_yaw is not finite'),
        (
            user.send('spin', Spin.Goal(target_yaw=1.0, time_allowance=negative)),
            'time_allowance is negative: 0 is no limit',
        ),
    ):
        status, result = goal.wait()
        assert status == ABORTED
        assert result.error_code == result.INVALID
        assert result.error_msg.startswith(message)
    assert user.standing().distance == 0.0


def test_a_wall_ends_a_drive(user):
    status, result = user.drive(-20.0).wait()
    assert (status, result.error_code) == (ABORTED, DriveOnHeading.Result.BLOCKED)
    assert result.error_msg == 'a wall is in the way after 5.75 m'
    assert user.standing().x == pytest.approx(-5.75, abs=0.01)


def test_the_time_allowance_ends_a_drive(user):
    status, result = user.drive(5.0, time_allowance=Duration(sec=2)).wait()
    assert (status, result.error_code) == (ABORTED, DriveOnHeading.Result.TIMEOUT)
    assert result.error_msg.startswith('not done within 2.')
    assert 0.5 < user.standing().x < 2.0


def test_cmd_vel_moves_it_until_it_is_silent(user):
    publisher = user.node.create_publisher(Twist, 'cmd_vel', 10)
    command = Twist()
    command.linear.x = 0.3
    timer = user.node.create_timer(0.05, lambda: publisher.publish(command))
    user.state_when(lambda state: state.x > 0.2)
    timer.cancel()
    assert user.state_when(lambda state: state.linear == 0.0 and state.x > 0.2)
    still = Twist()
    still.linear.x = math.nan
    publisher.publish(still)
    before = user.standing()
    assert user.watch.wait_for_next(lambda state: True, 5.0).x == before.x
