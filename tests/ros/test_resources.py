"""Two things at once: skills that share nothing overlap, those that do wait or preempt."""

import pytest

pytest.importorskip('rclpy')

from action_msgs.msg import GoalStatus
from nemotron_agent_interfaces.action import ExecuteTask, GripperCommand
from nemotron_agent_interfaces.msg import ActionRequest
from nemotron_agent_interfaces.srv import CallTool

from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.mock_action_server import Behavior, MockActionServer
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import MANIFEST, SOON, AgentUnderTest

pytestmark = pytest.mark.ros

PHASE = ExecuteTask.Feedback
GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')
DOCK = {'tool': 'go_to', 'arguments': '{"place": "dock"}'}
GRASP = {
    'id': 'grasp',
    'version': '1.0.0',
    'description': 'Grasp.',
    'interface': 'action',
    'datatype': 'nemotron_agent_interfaces/action/GripperCommand',
    'default_interface_path': 'gripper_cmd',
    'parameters': {'in': []},
    'request': {'command.position': 0.0},
    'resources': ['gripper'],
}
SHORT_WAIT = """
allow: [{rule: all, skills: ['*'], origins: ['*']}]
resources: {default: {wait_sec: 0.2}}
"""


@pytest.fixture
def agent(ros_domain, tmp_path):
    def make(*replies, **options):
        agent = AgentUnderTest(
            ros_domain,
            tmp_path,
            replies,
            manifest={'skills': [MANIFEST['skills'][0], GRASP]},
            max_parallel_tasks=2,
            **options,
        )
        agent.robot.behavior = Behavior.HANG
        return agent.start()

    return make


def test_skills_that_share_nothing_overlap(agent, ros_domain):
    gripper = MockActionServer(ros_domain.make_node('gripper'), GripperCommand, 'gripper_cmd')
    agent = agent(GO, calls('grasp'), THERE, THERE)
    drive = agent.send(conversation_id='a')
    assert agent.robot.executing.wait(SOON)
    grasp = agent.send('grasp', conversation_id='b')
    assert grasp.end()[0] == GoalStatus.STATUS_SUCCEEDED
    assert gripper.endings == ['succeeded']
    assert agent.robot.endings == [], 'it still drives'
    agent.robot.release()
    assert drive.end()[0] == GoalStatus.STATUS_SUCCEEDED


def test_skills_that_share_a_resource_wait_for_one_another(agent):
    agent = agent(GO, GO, THERE, THERE)
    requests = agent.requests()
    first = agent.send(conversation_id='a')
    assert agent.robot.executing.wait(SOON)
    second = agent.send(conversation_id='b')
    waiting = wait_for(lambda: [r for r in requests if r.text.startswith('waits')], SOON)[0]
    assert (waiting.state, waiting.conversation_id) == (ActionRequest.PENDING, 'b')
    assert waiting.text == 'waits: the base is in use by go_to; try again when it is done'
    wait_for(lambda: waiting.text in [feedback.text for feedback in second.feedback], SOON)
    assert len(agent.robot.goals) == 1
    agent.robot.release()
    for goal in (first, second):
        assert goal.end()[0] == GoalStatus.STATUS_SUCCEEDED
    assert len(agent.robot.goals) == 2


def test_a_higher_priority_preempts_what_is_in_its_way(agent):
    agent = agent(GO, GO, THERE)
    low = agent.send(conversation_id='a')
    assert agent.robot.executing.wait(SOON)
    high = agent.send(conversation_id='b', priority=5)
    assert low.end()[1].error_code == ExecuteTask.Result.PREEMPTED
    assert agent.robot.endings == ['canceled']
    wait_for(lambda: len(agent.robot.goals) == 2, SOON)
    agent.robot.release()
    assert high.end()[0] == GoalStatus.STATUS_SUCCEEDED


def test_waiting_ends_by_time(agent, tmp_path):
    policy = tmp_path / 'policy.yaml'
    policy.write_text(SHORT_WAIT)
    agent = agent(GO, policy_file=str(policy))
    goal = agent.send(conversation_id='a')
    assert agent.robot.executing.wait(SOON)
    response = agent.call(CallTool, 'call_tool', **DOCK)
    assert response.message == (
        'Not allowed: the base is in use by go_to; try again when it is done'
    )
    goal.cancel()
    goal.end()
    assert len(agent.robot.goals) == 1


def test_a_cancel_ends_the_waiting(agent):
    agent = agent(GO, GO)
    first = agent.send(conversation_id='a')
    assert agent.robot.executing.wait(SOON)
    second = agent.send(conversation_id='b')
    wait_for(lambda: PHASE.EXECUTING in second.phases(), SOON)
    second.cancel()
    assert second.end()[0] == GoalStatus.STATUS_CANCELED
    first.cancel()
    first.end()
    assert len(agent.robot.goals) == 1


def test_what_may_still_move_stays_locked_when_the_agent_is_configured_anew(agent):
    agent = agent(GO, cancel_wait_sec=0.3)
    agent.robot.behavior = Behavior.IGNORE_CANCEL
    agent.send(timeout_sec=1.0).end()
    agent.node.trigger_deactivate()
    agent.node.trigger_cleanup()
    agent.start()
    assert 'the base is locked' in agent.call(CallTool, 'call_tool', **DOCK).message
    agent.robot.release()
