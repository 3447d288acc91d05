import os
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
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
    agent.send().end()
    assert not Path(os.environ['NEMOTRON_AGENT_STATE'], 'conversations').exists()
    assert values_of(agent)['conversations_on_disk'] == 'off'


def test_without_a_database_the_node_runs_on_and_says_so(make_agent, monkeypatch, tmp_path):
    (tmp_path / 'file').write_text('in the way')
    monkeypatch.setenv('NEMOTRON_AGENT_STATE', str(tmp_path / 'file'))
    agent = make_agent(THERE, THERE).start()
    agent.send('remember the lab', conversation_id='a').end()
    agent.send('where are you?', conversation_id='a').end()
    assert agent.model.requests[-1].messages[1].content == 'remember the lab'
    values = values_of(agent)
    assert 'make its folder writable' in values['conversations_on_disk']
    assert values['turns_not_on_disk'] == '2'
    cleared = agent.call(ClearConversation, 'clear_conversation', conversation_id='a')
    assert not cleared.success
    assert cleared.message.startswith('it is forgotten, but what the disk may have of it')
    (tmp_path / 'file').unlink()
    wait_for(lambda: values_of(agent)['conversations_on_disk'].endswith(' MB'), SOON)


def values_of(agent):
    """What diagnostics say, once they have the level that goes with it."""
    messages = []
    subscription = agent.client_node.create_subscription(
        DiagnosticArray, '/diagnostics', messages.append, 10
    )
    wait_for(lambda: messages, SOON)
    agent.client_node.destroy_subscription(subscription)
    status = messages[-1].status[0]
    values = {pair.key: pair.value for pair in status.values}
    told = values['conversations_on_disk']
    is_fine = told == 'off' or told.endswith(' MB')
    assert (status.level == DiagnosticStatus.OK) is is_fine
    assert ('not kept on disk' in status.message) is not is_fine
    return values
