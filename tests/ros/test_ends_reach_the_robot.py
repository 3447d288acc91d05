"""Whatever ends a task ends its goal too: the robot is another process here."""

import signal
import subprocess
import sys

import pytest
import yaml

pytest.importorskip('rclpy')

from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import ActionRequest, ToolCallRecord
from nemotron_agent_interfaces.srv import CallTool, ClearConversation
from rclpy.lifecycle import TransitionCallbackReturn

from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import MANIFEST, SOON, AgentUnderTest
from .robot_process import RobotProcess
from .short_lease import with_short_lease

pytestmark = pytest.mark.ros

RESULT = ExecuteTask.Result
GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')


@pytest.fixture
def start_robot(ros_domain, tmp_path):
    robots = []

    def start(behavior='hang'):
        environment = with_short_lease(ros_domain.environment, tmp_path)
        robots.append(RobotProcess(environment, behavior))
        return robots[-1]

    yield start
    for robot in robots:
        robot.kill()


@pytest.fixture
def robot(start_robot):
    return start_robot()


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies, **options):
        options = {'has_robot': False, 'cancel_wait_sec': 10.0, **options}
        return AgentUnderTest(ros_domain, tmp_path, replies, **options).start()

    return make


def test_a_canceled_task(robot, make_agent):
    agent = make_agent(GO)
    goal = agent.send()
    robot.says('executing')
    goal.cancel()
    assert goal.end()[1].error_code == RESULT.CANCELED
    robot.says('canceled')


def test_a_task_that_runs_over(robot, make_agent):
    result = make_agent(GO).send(timeout_sec=1.0).end()[1]
    assert result.error_code == RESULT.TIMED_OUT
    robot.says('canceled')


def test_a_cleared_conversation(robot, make_agent):
    agent = make_agent(GO)
    goal = agent.send(conversation_id='c')
    robot.says('executing')
    assert agent.call(ClearConversation, 'clear_conversation', conversation_id='c').success
    assert goal.end()[1].error_code == RESULT.CANCELED
    robot.says('canceled')


def test_a_task_that_is_preempted(robot, make_agent):
    agent = make_agent(GO, THERE)
    low = agent.send()
    robot.says('executing')
    agent.send('wait', priority=1).end()
    assert low.end()[1].error_code == RESULT.PREEMPTED
    robot.says('canceled')


@pytest.mark.parametrize('transition', ['trigger_deactivate', 'trigger_shutdown'])
def test_a_transition(robot, make_agent, transition):
    agent = make_agent(GO)
    goal = agent.send()
    robot.says('executing')
    assert getattr(agent.node, transition)() is TransitionCallbackReturn.SUCCESS
    assert goal.end()[1].error_code == RESULT.CANCELED
    robot.says('canceled')


def test_a_direct_call_at_deactivate(robot, make_agent):
    agent = make_agent()
    client = agent.client_node.create_client(CallTool, 'nemotron_agent/call_tool')
    assert client.wait_for_service(SOON)
    future = client.call_async(CallTool.Request(tool='go_to', arguments='{"place": "dock"}'))
    robot.says('executing')
    agent.node.trigger_deactivate()
    assert wait_for(future.result, SOON).tool_call.outcome == ToolCallRecord.OUTCOME_CANCELED
    robot.says('canceled')


def send_from_a_process(ros_domain, tmp_path):
    return subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.cli.main', 'send', 'go to the kitchen'],
        env=with_short_lease(ros_domain.environment, tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGTERM])
def test_a_client_that_disappears(robot, make_agent, ros_domain, tmp_path, number):
    agent = make_agent(GO)
    agent.tasks.destroy()  # or it might be the client of the task
    requests = agent.requests()
    client = send_from_a_process(ros_domain, tmp_path)
    robot.says('executing')
    client.send_signal(number)
    client.wait(timeout=SOON)
    robot.says('canceled')
    wait_for(lambda: requests[-1].state == ActionRequest.CANCELED, SOON)


def test_a_client_that_may_have_sent_a_task_keeps_it_running(
    robot, make_agent, ros_domain, tmp_path
):
    agent = make_agent(GO, THERE, max_parallel_tasks=2)
    client = send_from_a_process(ros_domain, tmp_path)
    robot.says('executing')
    listeners = f'{agent.node.get_fully_qualified_name()}/execute_task/_action/feedback'
    wait_for(lambda: agent.node.count_subscribers(listeners) == 2, SOON)
    client.kill()
    client.wait(timeout=SOON)
    wait_for(lambda: agent.node.count_subscribers(listeners) == 1, SOON)
    other = agent.send('wait', conversation_id='other').end()[1]
    assert other.error_code == RESULT.NONE
    assert 'cancel asked' not in robot.said


def test_the_agent_s_process_is_told_to_end(robot, ros_domain, tmp_path):
    manifest, script = tmp_path / 'skills.yaml', tmp_path / 'script.yaml'
    manifest.write_text(yaml.safe_dump(MANIFEST))
    rule = {'match': 'go', 'call': {'name': 'go_to', 'arguments': {'place': 'kitchen'}}}
    script.write_text(yaml.safe_dump({'reply_protocol': 'call_only', 'rules': [rule]}))
    options = [f'model:=scripted:{script}', f'skills_file:={manifest}']
    process = subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.ros.main', '--ros-args']
        + [word for option in options for word in ('-p', option)],
        env={**ros_domain.environment, 'NEMOTRON_AGENT_STATE': str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with TaskClient() as client:
        wait_for(lambda: client.agent_state(1.0) == 'active', SOON)
        client.send(ExecuteTask.Goal(task='go to the kitchen'), lambda feedback: None)
        robot.says('executing')
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=SOON)
    assert process.returncode == 0, output
    robot.says('canceled')


def test_a_goal_that_ignores_its_cancel_locks_the_base_until_its_server_restarts(
    start_robot, make_agent
):
    robot = start_robot('ignore_cancel')
    agent = make_agent(GO, THERE, cancel_wait_sec=0.5)
    requests = agent.requests()
    result = agent.send(timeout_sec=1.0).end()[1]
    assert result.tool_calls[0].outcome == ToolCallRecord.OUTCOME_UNKNOWN
    assert 'it may still be moving' in result.error_msg
    dock = {'tool': 'go_to', 'arguments': '{"place": "dock"}'}
    assert 'the base is locked' in agent.call(CallTool, 'call_tool', **dock).message
    robot.kill()
    start_robot('succeed')
    wait_for(lambda: [r for r in requests if r.state == ActionRequest.ABORTED], SOON)
    ended = [r for r in requests if r.request_id == requests[0].request_id]
    assert [r.state for r in ended][-2:] == [ActionRequest.UNKNOWN, ActionRequest.ABORTED]
    assert agent.call(CallTool, 'call_tool', **dock).success
