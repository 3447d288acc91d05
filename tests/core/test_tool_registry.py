import contextlib

import pytest

from nemotron_agent.core.builtin_tools import ANSWER
from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.gate import Decision, Verdict, ignore_request
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import Outcome, RequestState, ToolResult
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.testing.listed_tool import ListedTool, RequestLog
from nemotron_agent.testing.open_policy import OpenPolicy

GO = ToolCall('1', 'go_to', {'place': 'dock'})


class FixedGate:
    """A gate that always decides the same."""

    def __init__(self, verdict, reason='', arguments=None):
        self._decision = (verdict, reason)
        self._arguments = arguments

    @contextlib.contextmanager
    def admit(self, request, cancel, observer=ignore_request):
        yield Decision(*self._decision, self._arguments or request.call.arguments)

    def observe(self, request, state, text):
        pass


def test_two_tools_of_one_name():
    with pytest.raises(ConfigurationError, match='two tools are called "go_to"'):
        ToolRegistry([ListedTool(), ListedTool()], SafetyGate(OpenPolicy()))


def test_a_schema_that_is_none():
    with pytest.raises(ConfigurationError, match='no JSON Schema'):
        ToolRegistry([ListedTool(parameters={'type': 'thing'})], SafetyGate(OpenPolicy()))


def test_states_of_a_call():
    log = RequestLog()
    tool = ListedTool(during_run=lambda context: context.on_state(RequestState.EXECUTING))
    record = ToolRegistry([tool], SafetyGate(OpenPolicy()), log).call(GO, origin='operator')
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
        [tool],
        SafetyGate(OpenPolicy()),
        lambda request, state, text: seen.append((request, state)),
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
    record = ToolRegistry([tool], SafetyGate(OpenPolicy()), log).call(GO, origin='x')
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
    record = ToolRegistry([tool], SafetyGate(OpenPolicy())).call(GO, origin='x', cancel=cancel)
    assert record.result.outcome is outcome
    assert tool.runs == []


def test_a_builtin_needs_no_gate_and_is_no_request():
    log = RequestLog()
    registry = ToolRegistry([ANSWER], FixedGate(Verdict.DENY), log)
    record = registry.call(ToolCall('1', 'answer', {'text': 'hi'}), origin='')
    assert record.result == ToolResult(Outcome.SUCCEEDED, 'hi')
    assert log.entries == []


def test_a_tool_that_raises_after_it_sent_something_ended_unknown():
    log = RequestLog()
    tool = ListedTool(
        results=[RuntimeError('wires crossed')],
        during_run=lambda context: context.on_state(RequestState.SENT),
    )
    record = ToolRegistry([tool], SafetyGate(OpenPolicy()), log).call(GO, origin='x')
    assert record.result.outcome is Outcome.UNKNOWN
    assert record.result.text == (
        'The skill failed: wires crossed; the robot may still be moving.'
    )
    assert log.states[-1] is RequestState.UNKNOWN


def test_an_end_that_becomes_known_later_is_told_and_frees_the_resources():
    sinks = []
    unknown = ToolResult(Outcome.UNKNOWN, 'it may still be moving', tell_end=sinks.append)
    log, tool, gate = (
        RequestLog(),
        ListedTool(results=[unknown], resources=('base',)),
        SafetyGate(OpenPolicy()),
    )
    registry = ToolRegistry([tool], gate, log)
    assert registry.call(GO, origin='x').result.outcome is Outcome.UNKNOWN
    refused = registry.call(GO, origin='x')
    assert refused.result.outcome is Outcome.REJECTED
    assert 'the base is locked' in refused.result.text
    sinks[0](RequestState.CANCELED, 'it stopped')
    assert log.entries[-1] == ('go_to', RequestState.CANCELED, 'it stopped')
    assert registry.call(GO, origin='x').result.outcome is Outcome.SUCCEEDED


def test_who_calls_is_told_of_the_states_of_its_own_request():
    own, all_of_them = RequestLog(), RequestLog()
    registry = ToolRegistry([ListedTool()], SafetyGate(OpenPolicy()), all_of_them)
    registry.call(GO, origin='x', on_state=own)
    registry.call(GO, origin='y')
    assert own.states == [RequestState.PENDING, RequestState.SUCCEEDED]
    assert all_of_them.states == own.states * 2


def test_a_call_canceled_while_it_waits_in_the_gate_is_canceled():
    log, tool, cancel = RequestLog(), ListedTool(), CancelToken()
    gate = SafetyGate(OpenPolicy(['go_to']))
    record = ToolRegistry([tool], gate, log).call(
        GO, origin='x', cancel=cancel, on_state=lambda *state: cancel.cancel()
    )
    assert record.result.outcome is Outcome.CANCELED
    assert (record.verdict, record.verdict_reason) == (
        Verdict.NONE,
        'it was canceled while it waited for a confirmation',
    )
    assert log.states == [RequestState.CONFIRM, RequestState.CANCELED]
    assert tool.runs == []


@pytest.mark.parametrize(
    ('arguments', 'told'),
    [
        ({'place': 10**5000}, 'cannot be checked (ValueError)'),
        ({'place': 'x' * 10**6}, 'characters left out'),
        ({'place': {1: [{2, 3}]}}, 'The arguments of go_to'),
        ({'place': 'dock', 'b' * 10**6: 1}, 'characters left out'),
        ({1: 2, 'c': 3}, 'The arguments of go_to'),
    ],
)
def test_arguments_that_nobody_can_look_at_do_not_run(arguments, told):
    tool = ListedTool()
    record = ToolRegistry([tool], SafetyGate(OpenPolicy())).call(
        ToolCall('1', 'go_to', arguments), origin='x'
    )
    assert record.result.outcome is Outcome.INVALID
    assert told in record.result.text
    assert len(record.result.text) < 2000
    assert tool.runs == []


def test_a_name_without_end_is_not_repeated():
    registry = ToolRegistry([ListedTool()], SafetyGate(OpenPolicy()))
    record = registry.call(ToolCall('1', 'go' * 10**6, {}), origin='x')
    assert len(record.result.text) < 1000


def test_a_clamped_call_runs_and_is_told_as_it_was_clamped():
    seen, tool = [], ListedTool()
    gate = FixedGate(Verdict.CLAMP, 'the dock was set', {'place': 'dock'})
    registry = ToolRegistry([tool], gate, lambda request, state, text: seen.append(request))
    record = registry.call(ToolCall('1', 'go_to', {'place': 'kitchen'}), origin='x')
    assert tool.runs == [{'place': 'dock'}]
    assert record.result.text == 'the dock was set. done'
    assert (record.verdict, record.verdict_reason) == (Verdict.CLAMP, 'the dock was set')
    assert {request.call.arguments['place'] for request in seen} == {'dock'}
