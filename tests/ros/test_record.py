import pytest

pytest.importorskip('rclpy')

from nemotron_agent_interfaces.srv import CallTool
from rclpy.lifecycle import TransitionCallbackReturn

from nemotron_agent.safety.audit_check import check_record
from nemotron_agent.safety.audit_reader import read_entries
from nemotron_agent.testing.listed_model import calls, says
from nemotron_agent.testing.mock_action_server import Behavior

from .agent_under_test import AgentUnderTest

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


def test_commands_that_are_not_taken_are_recorded(start, record):
    agent = start([], max_command_bytes=10)
    agent.send('a very long command').end()
    agent.node.release()
    [refused] = fields(record, 'refused')
    assert refused['text'] == 'a very long command'
    assert 'may have 10' in refused['reason']


def test_a_record_that_cannot_be_written_moves_nothing(start, tmp_path):
    (tmp_path / 'file').write_text('')
    agent = start(
        [calls('go_to', place='kitchen'), calls('answer', text='I cannot.')],
        audit_folder=str(tmp_path / 'file'),
    )
    _, result = agent.send('go to the kitchen').end()
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
