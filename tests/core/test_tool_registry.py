import contextlib

import pytest

from nemotron_agent.core.builtin_tools import ANSWER
from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.gate import Decision, Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import Outcome, RequestState, ToolResult
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.testing.listed_tool import ListedTool, RequestLog

GO = ToolCall('1', 'go_to', {'place': 'dock'})


class FixedGate:
    """A gate that always decides the same."""

    def __init__(self, verdict, reason='', arguments=None):
        self._decision = (verdict, reason)
        self._arguments = arguments

    @contextlib.contextmanager
    def admit(self, request, cancel):
        yield Decision(*self._decision, self._arguments or request.call.arguments)


def test_two_tools_of_one_name():
    with pytest.raises(ConfigurationError, match='two tools are called "go_to"'):
        ToolRegistry([ListedTool(), ListedTool()], SafetyGate())


def test_a_schema_that_is_none():
    with pytest.raises(ConfigurationError, match='no JSON Schema'):
        ToolRegistry([ListedTool(parameters={'type': 'thing'})], SafetyGate())


def test_states_of_a_call():
    log = RequestLog()
    tool = ListedTool(during_run=lambda context: context.on_state(RequestState.EXECUTING))
    record = ToolRegistry([tool], SafetyGate(), log).call(GO, origin='operator')
    assert record.verdict is Verdict.ALLOW
    assert log.states == [
        RequestState.PENDING,
        RequestState.EXECUTING,
        RequestState.SUCCEEDED,
    ]


def test_states_name_the_task_and_from_its_sending_on_the_goal():
    seen = []
    tool = ListedTool(during_run=lambda context: context.on_goal_id('0a1b'))
    registry = ToolRegistry(
        [tool], SafetyGate(), lambda request, state, text: seen.append((request, state))
    )
    registry.call(GO, origin='operator', task_id='t1')
    assert {request.task_id for request, _ in seen} == {'t1'}
    assert [(request.goal_id, state) for request, state in seen] == [
        ('', RequestState.PENDING),
        ('0a1b', RequestState.SUCCEEDED),
    ]


@pytest.mark.parametrize('verdict', [Verdict.DENY, Verdict.CONFIRM, Verdict.NONE])
def test_only_an_allowed_call_runs(verdict):
    log, tool = RequestLog(), ListedTool()
    record = ToolRegistry([tool], FixedGate(verdict, 'too fast'), log).call(GO, origin='x')
    assert tool.runs == []
    assert record.result == ToolResult(Outcome.REJECTED, 'Not allowed: too fast')
    assert log.entries == [('go_to', RequestState.DENIED, 'too fast')]


def test_clamped_arguments_are_the_ones_run():
    tool = ListedTool()
    gate = FixedGate(Verdict.CLAMP, arguments={'place': 'kitchen'})
    ToolRegistry([tool], gate).call(GO, origin='x')
    assert tool.runs == [{'place': 'kitchen'}]


def test_clamped_arguments_must_fit_too():
    log, tool = RequestLog(), ListedTool()
    gate = FixedGate(Verdict.CLAMP, arguments={'place': 'moon'})
    record = ToolRegistry([tool], gate, log).call(GO, origin='x')
    assert record.result.outcome is Outcome.INVALID
    assert log.states == [RequestState.DENIED]
    assert tool.runs == []


def test_a_tool_that_raises_is_an_aborted_call():
    log = RequestLog()
    tool = ListedTool(results=[RuntimeError('wires crossed')])
    record = ToolRegistry([tool], SafetyGate(), log).call(GO, origin='x')
    assert record.result == ToolResult(Outcome.ABORTED, 'The skill failed: wires crossed')
    assert log.states[-1] is RequestState.ABORTED


@pytest.mark.parametrize(
    ('reason', 'outcome'),
    [
        (CancelReason.CANCELED, Outcome.CANCELED),
        (CancelReason.TIMED_OUT, Outcome.TIMED_OUT),
    ],
)
def test_a_canceled_call_does_not_start(reason, outcome):
    tool, cancel = ListedTool(), CancelToken()
    cancel.cancel(reason)
    record = ToolRegistry([tool], SafetyGate()).call(GO, origin='x', cancel=cancel)
    assert record.result.outcome is outcome
    assert tool.runs == []


def test_a_builtin_needs_no_gate_and_is_no_request():
    log = RequestLog()
    registry = ToolRegistry([ANSWER], FixedGate(Verdict.DENY), log)
    record = registry.call(ToolCall('1', 'answer', {'text': 'hi'}), origin='')
    assert record.result == ToolResult(Outcome.SUCCEEDED, 'hi')
    assert log.entries == []
