import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray
from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.srv import CallTool, ConfirmAction
from rclpy.lifecycle import TransitionCallbackReturn
from std_srvs.srv import Trigger

from nemotron_agent.core.errors import ModelError
from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.safety.audit_check import check_record
from nemotron_agent.safety.audit_reader import read_entries
from nemotron_agent.testing.listed_model import calls, says
from nemotron_agent.testing.mock_action_server import Behavior
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest, manifest_with

pytestmark = pytest.mark.ros


@pytest.fixture
def start(ros_domain, tmp_path):
    def make(replies, **parameters):
        parameters = {'audit_folder': str(tmp_path / 'audit'), **parameters}
        return AgentUnderTest(ros_domain, tmp_path, replies, **parameters).start()

    return make


@pytest.fixture
def record(tmp_path):
    return tmp_path / 'audit' / 'nemotron_agent'


def fields(record, event):
    return [entry.fields for entry in read_entries(record) if entry.event == event]


def test_a_task_is_recorded_from_command_to_end(start, record):
    agent = start([calls('go_to', place='kitchen'), calls('answer', text='I am there.')])
    agent.send('go to the kitchen', origin='anna', conversation_id='c1').end()
    agent.node.release()

    assert check_record(record).broken is None
    entries = list(read_entries(record))
    assert [entry.event for entry in entries] == [
        'begin',
        'start',
        'command',
        'task',
        'verdict',
        'state',
        'state',
        'state',
        'state',
        'call',
        'call',
        'task_end',
        'end',
    ]
    command, task = entries[2].fields, entries[3].fields
    assert command['text'] == task['text'] == 'go to the kitchen'
    assert command['origin'] == 'action:anna'
    assert task['window']['turns'] == []
    [verdict] = fields(record, 'verdict')
    states = fields(record, 'state')
    assert [state['state'] for state in states] == ['pending', 'sent', 'executing', 'succeeded']
    assert len(bytes.fromhex(states[-1]['goal'])) == 16
    assert {entry.fields['task'] for entry in entries[2:-1]} == {command['task']}
    assert {verdict['request'], *(state['request'] for state in states)} == {
        fields(record, 'call')[0]['request']
    }
    assert fields(record, 'task_end')[0]['answer'] == 'I am there.'


def test_the_head_says_what_the_agent_is_made_of(start, record):
    agent = start([])
    agent.node.release()
    head, started = list(read_entries(record))[:2]
    assert head.fields['node'] == started.fields['node'] == '/nemotron_agent'
    assert started.fields['model']['name'] == agent.node.get_parameter('model').value
    assert set(started.fields['config']) >= {'skills', 'places', 'policy', 'system_prompt'}
    assert all(len(file['sha256']) == 64 for file in started.fields['config'].values())
    assert [tool['name'] for tool in started.fields['tools']][0] == 'go_to'
    assert started.fields['tools'][0]['interface'] == '/navigate_to_pose'


def test_a_direct_call_and_what_the_conversation_held(start, record):
    agent = start([says('Hello.'), says('Hello again.')])
    assert agent.call(CallTool, 'call_tool', tool='go_to', arguments='{"place": "dock"}').success
    agent.send('hello').end()
    agent.send('hello').end()
    agent.node.release()
    [verdict] = fields(record, 'verdict')
    assert (verdict['task'], verdict['origin']) == ('', 'service')
    _, second = fields(record, 'task')
    assert [message['content'] for message in second['window']['turns'][0]] == ['hello', 'Hello.']


def test_stops_and_confirmations_are_recorded(start, record):
    agent = start(
        [calls('go_to', place='kitchen'), calls('answer', text='There.')],
        manifest=manifest_with(confirm='always'),
    )
    requests = agent.requests()
    goal = agent.send('go to the kitchen')
    wait_for(lambda: requests)
    assert agent.call(
        ConfirmAction,
        'confirm_action',
        request_id=requests[0].request_id,
        approve=True,
        operator_id='ben',
    ).success
    goal.end()
    agent.call(Trigger, 'stop')
    agent.call(Trigger, 'release_stop')
    agent.node.release()
    order = [entry.event for entry in read_entries(record)]
    assert order.index('confirmation') < order.index('verdict')
    assert order.index('stop') < order.index('release')
    [confirmation] = fields(record, 'confirmation')
    assert (confirmation['operator'], confirmation['approved']) == ('ben', True)
    assert confirmation['arguments'] == {'place': 'kitchen'}
    assert 'service' in fields(record, 'stop')[0]['reason']


def test_a_node_that_was_killed_goes_on_with_its_record(ros_domain, tmp_path):
    script = tmp_path / 'script.yaml'
    script.write_text('rules: [{match: hello, call: {name: answer, arguments: {text: Hello.}}}]\n')
    options = [f'model:=scripted:{script}', f'audit_folder:={tmp_path}/audit']
    arguments = [word for option in options for word in ('-p', option)]
    command = [sys.executable, '-m', 'nemotron_agent.ros.main', '--ros-args', *arguments]
    record = tmp_path / 'audit' / 'nemotron_agent'
    for life in (1, 2):
        process = subprocess.Popen(command, env=ros_domain.environment)
        try:
            with TaskClient() as client:
                wait_for(lambda client=client: client.agent_state(1.0) == 'active', SOON)
                task = client.send(ExecuteTask.Goal(task='hello'), lambda feedback: None, SOON)
                assert wait_for(lambda task=task: task.wait(1.0), SOON).answer == 'Hello.'
            wait_for(lambda life=life: len(fields(record, 'task_end')) == life)
        finally:
            process.kill()
            process.wait(SOON)
        assert check_record(record).broken is None
    events = [entry.event for entry in read_entries(record)]
    assert events.count('begin') == 1
    assert events.count('start') == 2
    assert 'end' not in events


def test_commands_that_are_not_taken_are_recorded(start, record):
    agent = start([], max_command_bytes=10)
    agent.send('a very long command').end()
    agent.send('think', thinking=7).end()
    agent.node.release()
    long, strange = fields(record, 'refused')
    assert long['text'] == 'a very long command'
    assert 'may have 10' in long['reason']
    assert (strange['text'], strange['origin']) == ('think', 'action')


@pytest.mark.parametrize(
    ('call', 'reason'),
    [
        ({'tool': 'fly'}, 'There is no tool "fly".'),
        ({'tool': 'go_to', 'arguments': '{"place": "moon"}'}, 'do not fit'),
        ({'tool': 'go_to', 'arguments': '{'}, 'arguments is no JSON'),
        ({'tool': 'go_to', 'arguments': '{}', 'origin': 'a' * 300}, 'origin has 300 characters'),
        ({'tool': 'go_to', 'timeout_sec': float('inf')}, 'timeout_sec is inf: give 0 for'),
        ({'tool': 'go_to', 'timeout_sec': float('nan')}, 'timeout_sec is nan: give 0 for'),
    ],
)
def test_direct_calls_that_are_not_taken_are_recorded(start, record, call, reason):
    agent = start([])
    response = agent.call(CallTool, 'call_tool', **call)
    agent.node.release()
    [refused] = fields(record, 'refused')
    assert refused['text'] == f'{call["tool"]} {call.get("arguments", "")}'
    assert refused['origin'].startswith('service')
    assert refused['reason'] == response.message
    assert reason in response.message


def test_a_record_that_cannot_be_written_moves_nothing(start, tmp_path):
    (tmp_path / 'file').write_text('')
    agent = start(
        [calls('go_to', place='kitchen'), calls('answer', text='I cannot.')],
        audit_folder=str(tmp_path / 'file'),
    )
    _, result = agent.send('go to the kitchen').end()
    diagnostics = []
    agent.client_node.create_subscription(
        DiagnosticArray, '/diagnostics', lambda message: diagnostics.extend(message.status), 10
    )
    wait_for(lambda: any('the record cannot be written' in s.message for s in diagnostics))
    assert agent.robot.goals == []
    assert 'cannot be written: Not a directory' in result.tool_calls[0].verdict_reason
    assert result.answer == 'I cannot.'


def test_two_nodes_of_one_name_do_not_share_a_record(start, ros_domain, tmp_path):
    start([])
    other = AgentUnderTest(ros_domain, tmp_path, [], audit_folder=str(tmp_path / 'audit'))
    assert other.configure() is TransitionCallbackReturn.FAILURE


def test_a_goal_that_is_canceled_is_told_so(start, record):
    agent = start([calls('go_to', place='kitchen'), calls('answer', text='Off.')])
    agent.robot.behavior = Behavior.HANG
    goal = agent.send('go to the kitchen')
    assert agent.robot.executing.wait(30.0)
    goal.cancel()
    goal.end()
    agent.node.release()
    states = [state['state'] for state in fields(record, 'state')]
    assert states[-2:] == ['canceling', 'canceled']
    assert fields(record, 'task_end')[0]['status'] == 'canceled'


def test_a_configure_that_fails_lets_go_of_the_record(ros_domain, tmp_path):
    agent = AgentUnderTest(ros_domain, tmp_path, [], audit_folder=str(tmp_path / 'audit'))
    agent.load_failures.append(ModelError('no such model'))
    assert agent.configure() is TransitionCallbackReturn.FAILURE
    assert agent.configure() is TransitionCallbackReturn.SUCCESS
