"""rclpy may lose an answer; the goal goes on (https://github.com/ros2/rclpy/issues/1123)."""

import threading

import pytest
from action_msgs.msg import GoalInfo, GoalStatus, GoalStatusArray
from action_msgs.srv import CancelGoal
from nemotron_agent_interfaces.action import Spin
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.qos import qos_profile_action_status_default

from nemotron_agent.core.tool import CallContext, Outcome, RequestState
from nemotron_agent.ros.skill_loading import load_skill_tools
from nemotron_agent.ros.waiting import WaitLimits
from nemotron_agent.testing.ros_domain import wait_for

from .skill_manifests import PLACES, manifest_of

pytestmark = pytest.mark.ros

SPIN = """\
  - id: spin
    description: Spin.
    interface: action
    datatype: nemotron_agent_interfaces/action/Spin
    default_interface_path: spin
    timeout_sec: 20
"""
LIMITS = WaitLimits(server_sec=5.0)
ARGUMENTS = {'target_yaw': 1.0, 'time_allowance': 0.0}


class ForgetfulServer:
    """An action server made of its five parts, so that each may keep an answer to itself."""

    def __init__(self, node, *, mute_on_goal=False, mute_on_result=0, mute_on_cancel=0) -> None:
        self.end = threading.Event()
        self.goal_ids = []
        self.status = GoalStatus.STATUS_EXECUTING
        self.results_asked = 0
        self.cancels_asked = 0
        self._mute_on_goal = mute_on_goal
        self._mute_on_result = mute_on_result
        self._mute_on_cancel = mute_on_cancel
        self._never = threading.Event()
        group = ReentrantCallbackGroup()
        parts = (
            (Spin.Impl.SendGoalService, 'send_goal', self._take_goal),
            (Spin.Impl.GetResultService, 'get_result', self._give_result),
            (CancelGoal, 'cancel_goal', self._cancel),
        )
        for kind, name, callback in parts:
            node.create_service(kind, f'spin/_action/{name}', callback, callback_group=group)
        node.create_publisher(Spin.Impl.FeedbackMessage, 'spin/_action/feedback', 10)
        self._status = node.create_publisher(
            GoalStatusArray, 'spin/_action/status', qos_profile_action_status_default
        )

    def publish_status(self, status: int) -> None:
        self.status = status
        entries = [
            GoalStatus(goal_info=GoalInfo(goal_id=goal_id), status=status)
            for goal_id in self.goal_ids
        ]
        self._status.publish(GoalStatusArray(status_list=entries))

    def close(self) -> None:
        self._never.set()
        self.end.set()

    def _take_goal(self, request, response):
        self.goal_ids.append(request.goal_id)
        self.publish_status(GoalStatus.STATUS_EXECUTING)
        if self._mute_on_goal:
            self._never.wait(30)
        response.accepted = True
        return response

    def _give_result(self, request, response):
        self.results_asked += 1
        if self.results_asked <= self._mute_on_result:
            self._never.wait(30)
        self.end.wait(30)
        response.status = self.status
        return response

    def _cancel(self, request, response):
        self.cancels_asked += 1
        if self.cancels_asked <= self._mute_on_cancel:
            self._never.wait(30)
        response.goals_canceling = [request.goal_info]
        self.publish_status(GoalStatus.STATUS_CANCELED)
        self.end.set()
        return response


@pytest.fixture
def tool(ros_domain):
    loaded = load_skill_tools(ros_domain.make_node('client'), manifest_of(SPIN), PLACES, LIMITS)
    yield loaded.tools[0]
    loaded.close()


def run_in_thread(tool, context):
    results = []
    thread = threading.Thread(target=lambda: results.append(tool.run(ARGUMENTS, context)))
    thread.start()

    def result():
        thread.join(timeout=30)
        return results[0]

    return result


def test_an_acceptance_that_never_arrives(ros_domain, tool):
    server = ForgetfulServer(ros_domain.make_node('server'), mute_on_goal=True)
    result = run_in_thread(tool, CallContext('id'))
    wait_for(lambda: server.results_asked)
    server.publish_status(GoalStatus.STATUS_SUCCEEDED)
    server.end.set()
    assert result().outcome is Outcome.SUCCEEDED
    server.close()


def test_a_cancel_of_a_goal_whose_acceptance_never_arrived(ros_domain, tool):
    server = ForgetfulServer(ros_domain.make_node('server'), mute_on_goal=True)
    result = tool.run(ARGUMENTS, CallContext('id', timeout_sec=0.2))
    assert result.outcome is Outcome.TIMED_OUT
    assert result.text == 'spin took longer than 0.2 s and stopped.'
    assert server.cancels_asked == 1
    server.close()


def test_a_result_that_never_arrives_is_asked_for_again(ros_domain, tool):
    server = ForgetfulServer(ros_domain.make_node('server'), mute_on_result=1)
    result = run_in_thread(tool, CallContext('id'))
    wait_for(lambda: server.results_asked)
    server.publish_status(GoalStatus.STATUS_ABORTED)
    server.end.set()
    assert result().outcome is Outcome.ABORTED
    assert server.results_asked == 2
    server.close()


def test_a_cancel_that_never_arrives_is_asked_for_again(ros_domain, tool):
    server = ForgetfulServer(ros_domain.make_node('server'), mute_on_cancel=1)
    result = tool.run(ARGUMENTS, CallContext('id', timeout_sec=0.2))
    assert result.outcome is Outcome.TIMED_OUT
    assert result.text == 'spin took longer than 0.2 s and stopped.'
    assert server.cancels_asked == 2
    server.close()


def test_a_goal_the_server_no_longer_knows(ros_domain, tool):
    server = ForgetfulServer(ros_domain.make_node('server'))
    result = run_in_thread(tool, CallContext('id'))
    wait_for(lambda: server.results_asked)
    server.status = GoalStatus.STATUS_UNKNOWN
    server.end.set()
    ends = []
    result().tell_end(lambda *end: ends.append(end))
    assert result().outcome is Outcome.UNKNOWN
    wait_for(lambda: ends)
    assert ends == [(RequestState.ABORTED, 'Known at last: its server has no such goal any more.')]
    server.close()
