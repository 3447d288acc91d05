import pytest

from nemotron_agent.core.agent import Agent
from nemotron_agent.core.builtin_tools import MAX_SPOKEN_CHARACTERS, builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest, ReplyProtocol
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.messages import Message
from nemotron_agent.core.phrase_model import PhraseModel
from nemotron_agent.core.phrases import PhraseEntry
from nemotron_agent.core.task import Task, TaskStatus
from nemotron_agent.core.tool import Outcome, ToolResult
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.testing.listed_tool import ListedTool
from nemotron_agent.testing.open_policy import OpenPolicy

PHRASES = {('dock',): PhraseEntry(say=('dock',), skill='go_to', arguments={'place': 'dock'})}


def run(protocol, *results, disabled=None):
    tool = ListedTool(results=results)
    registry = ToolRegistry(
        [tool, *builtin_tools(protocol)], SafetyGate(OpenPolicy()), disabled=lambda: disabled or {}
    )
    model = PhraseModel(PHRASES, protocol, 4096)
    agent = Agent(model, registry, '', AgentLimits(), progress_notes=False)
    conversation = Conversation('c', tokens=77)
    task = Task('Dock!', 'c', 'topic:command')
    result = agent.run(task, conversation, lambda event: None, CancelToken())
    return tool, result, conversation


def test_a_phrase_is_one_too_while_some_skill_is_disabled():
    _, result, _ = run(ReplyProtocol.NATIVE, disabled={'grasp': 'battery at least 0.2'})
    assert result.answer == 'done'


def test_a_phrase_runs_its_call_and_says_the_result():
    tool, result, conversation = run(ReplyProtocol.NATIVE)
    assert tool.runs == [{'place': 'dock'}]
    assert (result.status, result.answer) == (TaskStatus.DONE, 'done')
    assert [record.call.name for record in result.calls] == ['go_to']
    assert [message.role for message in conversation.turns[0]] == [
        *('user', 'assistant', 'tool', 'assistant')
    ]
    assert conversation.tokens == 77


def test_its_turn_looks_as_one_of_the_model():
    _, result, conversation = run(ReplyProtocol.CALL_ONLY)
    assert result.answer == 'done'
    last = conversation.turns[0][-1]
    assert (last.tool_call.name, last.tool_call.arguments) == ('answer', {'text': 'done'})


def test_what_goes_wrong_is_said():
    blocked = ToolResult(Outcome.ABORTED, 'blocked' * MAX_SPOKEN_CHARACTERS)
    tool, result, _ = run(ReplyProtocol.CALL_ONLY, blocked)
    assert len(tool.runs) == 1
    assert result.answer == blocked.text[:MAX_SPOKEN_CHARACTERS]
    assert result.calls[0].result.outcome is Outcome.ABORTED


def test_it_knows_its_phrases_only():
    model = PhraseModel(PHRASES, ReplyProtocol.NATIVE, 4096)
    assert model.entry('dock?') is not None
    assert model.entry('the dock') is None
    with pytest.raises(EvaluationError, match='is none of the phrases'):
        model.reply(ChatRequest('c', (Message('user', 'fly'),), ()), print, CancelToken())
