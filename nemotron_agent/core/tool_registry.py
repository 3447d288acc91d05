"""The one place where calls are run: schema, gate, tool, record."""

import dataclasses
import difflib
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nemotron_agent.core.argument_schemas import MAX_TOLD_CHARACTERS, ArgumentSchemas
from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.gate import (
    CallRequest,
    Gate,
    RequestObserver,
    Verdict,
    ignore_request,
)
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.shortened import shortened
from nemotron_agent.core.task import CallRecord
from nemotron_agent.core.tool import (
    CallContext,
    Outcome,
    RequestState,
    SkillFeedback,
    Tool,
    ToolResult,
    ToolSpec,
)

logger = logging.getLogger(__name__)


STATE_OF_OUTCOME = {
    Outcome.SUCCEEDED: RequestState.SUCCEEDED,
    Outcome.REJECTED: RequestState.REJECTED,
    Outcome.ABORTED: RequestState.ABORTED,
    Outcome.CANCELED: RequestState.CANCELED,
    Outcome.TIMED_OUT: RequestState.TIMED_OUT,
    Outcome.UNAVAILABLE: RequestState.UNAVAILABLE,
    Outcome.INVALID: RequestState.DENIED,
    Outcome.UNKNOWN: RequestState.UNKNOWN,
}


def invalid(text: str) -> ToolResult:
    """Make the result of a call that cannot be run as it stands, for the model to correct."""
    return ToolResult(Outcome.INVALID, text)


class ToolRegistry:
    """Tools by name. `call` is the only way to run one, and it always asks the gate.

    Args:
        tools: in the order to show them.
        gate: decides on each call of a tool that is not built in.
        observer: told of each request's states.
        disabled: gives the tools that the gate would deny now, whatever the arguments, and what
            they want of the robot.

    Raises:
        ConfigurationError: two tools of one name, or a schema that is not one.
    """

    def __init__(
        self,
        tools: Iterable[Tool],
        gate: Gate,
        observer: RequestObserver = ignore_request,
        disabled: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self._disabled = disabled
        self._tools: dict[str, Tool] = {}
        self._gate = gate
        self._observer = observer
        for tool in tools:
            name = tool.spec.name
            if name in self._tools:
                raise ConfigurationError(f'two tools are called "{name}": rename one')
            self._tools[name] = tool
        self._schemas = ArgumentSchemas(self.specs)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told, in order."""
        return tuple(tool.spec for tool in self._tools.values())

    @property
    def disabled(self) -> Mapping[str, str]:
        """Tools that cannot be called now, and what they want of the robot."""
        return self._disabled()

    def spec(self, name: str) -> ToolSpec | None:
        """What the model is told of one tool; None if there is none of the name."""
        tool = self._tools.get(name)
        return tool.spec if tool else None

    def resources_of(self, name: str) -> tuple[str, ...]:
        """What a run of a tool needs for itself; nothing for a name that no tool has."""
        tool = self._tools.get(name)
        return tool.resources if tool else ()

    def call(
        self,
        call: ToolCall,
        *,
        origin: str,
        conversation_id: str = '',
        task_id: str = '',
        priority: int = 0,
        cancel: CancelToken | None = None,
        on_feedback: Callable[[SkillFeedback], None] = lambda feedback: None,
        on_state: RequestObserver = ignore_request,
        timeout_sec: float | None = None,
    ) -> CallRecord:
        """Check, ask the gate, run, and wait for the end. Never raises for what a tool does.

        Args:
            call: what to run.
            origin: who asks.
            conversation_id: where it was asked.
            task_id: of the task it is part of.
            priority: of the task it belongs to.
            cancel: ends the waiting in the gate, and the run.
            on_feedback: takes the run's progress.
            on_state: told of the states of this call's request, besides the registry's observer.
            timeout_sec: overrides the skill's own limit [s].
        """
        started = time.monotonic()
        cancel = cancel or CancelToken()

        def record(
            result: ToolResult,
            verdict: Verdict = Verdict.NONE,
            reason: str = '',
            request_id: str = '',
        ) -> CallRecord:
            duration = time.monotonic() - started
            return CallRecord(request_id, call, verdict, reason, result, duration)

        tool = self._tools.get(call.name)
        if tool is None:
            return record(invalid(self._unknown_tool(call.name)))
        problem = self._schemas.misfit(call.name, call.arguments)
        if problem:
            return record(invalid(problem))
        if tool.spec.builtin:
            result = tool.run(call.arguments, CallContext('', cancel))
            return record(result, Verdict.ALLOW)
        request = CallRequest(
            request_id=uuid.uuid4().hex,
            call=call,
            origin=origin,
            conversation_id=conversation_id,
            priority=priority,
            resources=tool.resources,
            reads=tool.spec.reads,
            datatype=tool.datatype,
            interface_path=tool.interface_path,
            task_id=task_id,
            units=_units(tool.spec),
        )

        def observe(request: CallRequest, state: RequestState, text: str) -> None:
            for observer in (self._gate.observe, self._observer, on_state):
                observer(request, state, text)

        with self._gate.admit(request, cancel, observe) as decision:
            request = request.with_arguments(decision.arguments)
            if decision.verdict is Verdict.NONE and cancel.canceled:
                result = _ended_early(cancel)
                observe(request, STATE_OF_OUTCOME[result.outcome], decision.reason)
            elif decision.verdict not in (Verdict.ALLOW, Verdict.CLAMP):
                observe(request, RequestState.DENIED, decision.reason)
                result = ToolResult(Outcome.REJECTED, f'Not allowed: {decision.reason}')
            elif problem := self._schemas.misfit(call.name, decision.arguments):
                observe(request, RequestState.DENIED, problem)
                result = invalid(problem)
            else:
                result = self._run(tool, request, cancel, observe, on_feedback, timeout_sec)
            if decision.verdict is Verdict.CLAMP:
                result = dataclasses.replace(result, text=f'{decision.reason}. {result.text}')
            return record(result, decision.verdict, decision.reason, request.request_id)

    def _run(
        self,
        tool: Tool,
        request: CallRequest,
        cancel: CancelToken,
        observe: RequestObserver,
        on_feedback: Callable[[SkillFeedback], None],
        timeout_sec: float | None,
    ) -> ToolResult:
        observed = _ObservedRequest(request, observe)
        if cancel.canceled:
            result = _ended_early(cancel)
        else:
            observed.reach(RequestState.PENDING)
            context = CallContext(
                request_id=request.request_id,
                cancel=cancel,
                on_feedback=on_feedback,
                on_state=observed.reach,
                timeout_sec=timeout_sec,
                on_goal_id=observed.name_goal,
            )
            try:
                result = tool.run(request.call.arguments, context)
            except Exception as error:
                logger.exception('tool %s failed', tool.spec.name)
                result = _failed(error, observed.was_sent)
        observed.reach(STATE_OF_OUTCOME[result.outcome], result.text)
        if result.tell_end is not None:
            result.tell_end(observed.reach)
        return result

    def _unknown_tool(self, name: str) -> str:
        name = shortened(name, MAX_TOLD_CHARACTERS)
        near = difflib.get_close_matches(name, self._tools, n=1)
        hint = f' Did you mean {near[0]}?' if near else ''
        return f'There is no tool "{name}".{hint} The tools are: {", ".join(self._tools)}.'


class _ObservedRequest:
    """A request whose states an observer is told; `was_sent` once its server may know of it."""

    def __init__(self, request: CallRequest, observer: RequestObserver) -> None:
        self.was_sent = False
        self._request = request
        self._observer = observer

    def name_goal(self, goal_id: str) -> None:
        """Have the states to come name the ROS goal."""
        self._request = dataclasses.replace(self._request, goal_id=goal_id)

    def reach(self, state: RequestState, text: str = '') -> None:
        """Tell of a state."""
        self.was_sent = self.was_sent or state is RequestState.SENT
        self._observer(self._request, state, text)


def _ended_early(cancel: CancelToken) -> ToolResult:
    if cancel.reason is CancelReason.TIMED_OUT:
        return ToolResult(Outcome.TIMED_OUT, 'The time is over; it was not started.')
    word = 'Stopped' if cancel.reason is CancelReason.STOPPED else 'Canceled'
    return ToolResult(Outcome.CANCELED, f'{word} before it started.')


def _failed(error: Exception, was_sent: bool) -> ToolResult:
    """Make the result of a tool that raised."""
    if was_sent:
        text = f'The skill failed: {error}; the robot may still be moving.'
        return ToolResult(Outcome.UNKNOWN, text)
    return ToolResult(Outcome.ABORTED, f'The skill failed: {error}')


def _units(spec: ToolSpec) -> dict[str, str]:
    properties: Mapping[str, Any] = spec.parameters.get('properties', {})
    return {name: schema['unit'] for name, schema in properties.items() if 'unit' in schema}
