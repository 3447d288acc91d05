"""Turns as an agent leaves them."""

from nemotron_agent.core.chat_model import Usage
from nemotron_agent.core.conversation_archive import FinishedTurn
from nemotron_agent.core.gate import Verdict
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.task import CallRecord, TaskResult, TaskStats, TaskStatus
from nemotron_agent.core.tool import Outcome, ToolResult

NOW = 1.8e9


def turn_of(text, *, ended=NOW):
    """A turn with a call, whose text has what JSON and SQLite find hard."""
    call = ToolCall('id1', 'go_to', {'place': f'{text} \ud800', 'speed': 0.5})
    messages = (
        Message('user', text),
        Message('assistant', '', call, reasoning='It wants me there.'),
        Message('tool', 'Arrived.', tool_name='go_to'),
        Message('assistant', f'I am at {text}.'),
    )
    result = ToolResult(Outcome.SUCCEEDED, 'Arrived.', {'distance': 1.5})
    record = CallRecord('r1', call, Verdict.CLAMP, 'too fast', result, 2.0)
    stats = TaskStats(2, Usage(90, 60, 30, 20, 12, 0.5, 1.5), 0.25, 0.75, 3.0)
    done = TaskResult(TaskStatus.DONE, '', f'I am at {text}.', False, (record,), stats)
    return FinishedTurn(messages, 'operator', done, ended - 3.0, ended)


def take_turn(store, name, text, *, ended=NOW):
    """Do what the agent does with a turn."""
    conversation, turn = store.get(name), turn_of(text, ended=ended)
    conversation.add_turn(turn.messages)
    conversation.tokens += 100
    store.keep_turn(conversation, turn)
    return turn
