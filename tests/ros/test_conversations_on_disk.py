import os
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray
from nemotron_agent_interfaces.srv import ClearConversation, ListConversations

from nemotron_agent.archive.database import ConversationDatabase
from nemotron_agent.archive.node_files import NodeFiles
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest

GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies, **options):
        return AgentUnderTest(ros_domain, tmp_path, replies, **options)

    return make


def kept_in():
    """The folder of the conversations."""
    return Path(os.environ['NEMOTRON_AGENT_STATE'], 'conversations')


def restart(agent):
    agent.node.trigger_deactivate()
    agent.node.trigger_cleanup()
    agent.start()


def test_a_conversation_goes_on_after_a_restart(make_agent):
    agent = make_agent(GO, THERE, THERE).start()
    agent.send('go to the kitchen', conversation_id='a', origin='fleet').end()
    restart(agent)
    listed = agent.call(ListConversations, 'list_conversations')
    assert listed.conversation_ids == ['a']
    assert list(listed.messages) == [4]
    agent.send('where are you?', conversation_id='a').end()
    roles = [message.role for message in agent.model.requests[-1].messages]
    assert roles == ['system', 'user', 'assistant', 'tool', 'assistant', 'user']
    with ConversationDatabase(
        NodeFiles.of_node('nemotron_agent').database, writable=False
    ) as database:
        first, second = database.turns('a')
    assert first.origin == 'action:fleet'
    assert [record.call.name for record in first.result.calls] == ['go_to', 'answer']
    assert first.result.stats.turns == 2
    assert second.result.answer == 'I am there.'


def test_a_cleared_conversation_is_gone_after_a_restart(make_agent):
    agent = make_agent(THERE, THERE).start()
    agent.send(conversation_id='a').end()
    agent.send(conversation_id='b').end()
    restart(agent)
    assert agent.call(ClearConversation, 'clear_conversation', conversation_id='a').success
    restart(agent)
    assert agent.call(ListConversations, 'list_conversations').conversation_ids == ['b']


@pytest.mark.parametrize('parameter', ['keep_conversations_days', 'conversations_mb'])
def test_nothing_is_kept_if_none_is_wanted(make_agent, parameter):
    agent = make_agent(THERE, **{parameter: 0}).start()
    told = diagnostics_of(agent)
    agent.send().end()
    assert not kept_in().exists()
    wait_for(lambda: told()[1].get('conversations_on_disk') == 'off', SOON)


def test_without_a_database_the_node_runs_on_and_says_so(make_agent):
    kept_in().parent.mkdir(exist_ok=True)
    kept_in().write_text('in the way')
    agent = make_agent(THERE, THERE).start()
    told = diagnostics_of(agent)
    agent.send('remember the lab', conversation_id='a').end()
    agent.send('where are you?', conversation_id='a').end()
    assert agent.model.requests[-1].messages[1].content == 'remember the lab'
    wait_for(lambda: told()[1].get('turns_not_on_disk') == '2', SOON)
    message, values = told()
    assert 'conversations are not kept on disk' in message
    assert 'make its folder writable' in values['conversations_on_disk']
    cleared = agent.call(ClearConversation, 'clear_conversation', conversation_id='a')
    assert not cleared.success
    assert cleared.message.startswith('it is forgotten, but what the disk may have of it')
    kept_in().unlink()
    wait_for(lambda: told()[1]['conversations_on_disk'].endswith(' MB'), SOON)
    assert 'not kept on disk' not in told()[0]


def diagnostics_of(agent):
    """A function that gives message and values of the latest diagnostics."""
    messages = []
    agent.client_node.create_subscription(DiagnosticArray, '/diagnostics', messages.append, 10)
    wait_for(lambda: messages, SOON)

    def latest():
        status = messages[-1].status[0]
        return status.message, {pair.key: pair.value for pair in status.values}

    return latest
