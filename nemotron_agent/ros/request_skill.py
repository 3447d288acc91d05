"""A skill that another node carries out: `dispatch: request`."""

import functools
import time
from collections.abc import Callable, Mapping
from typing import Any

from nemotron_agent.core.tool import CallContext, Outcome, RequestState, ToolResult
from nemotron_agent.ros.late_ends import LateEnds
from nemotron_agent.ros.open_requests import OpenRequest, OpenRequests
from nemotron_agent.ros.ros_skill import MAX_RESULT_CHARACTERS, BoundSkill, RosSkill
from nemotron_agent.ros.waiting import POLL_SEC, WaitLimits, early_end


class RequestSkill(RosSkill):
    """Publishes its requests on `action_requests` and waits for `~/report_action`.

    A cancel is published as the state CANCELING; whoever carries the request out reports its end.

    Args:
        bound: the skill.
        message_class: of the request, which the arguments must fit.
        interface_path: resolved name of the interface the other node is to use.
        requests: where the other node's reports arrive.
        has_listener: whether somebody listens to `action_requests`.
        limits: how long to wait for what.
        late_ends: follows requests that are not reported in time.
    """

    def __init__(
        self,
        bound: BoundSkill,
        message_class: Any,
        interface_path: str,
        requests: OpenRequests,
        has_listener: Callable[[], bool],
        limits: WaitLimits,
        late_ends: LateEnds,
    ) -> None:
        super().__init__(bound, interface_path, limits)
        self._message_class = message_class
        self._requests = requests
        self._has_listener = has_listener
        self._late_ends = late_ends

    def close(self) -> None:
        """Take no reports any more; may be called twice."""
        self._requests.withdraw_all()
        self._late_ends.close()

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Publish the request and wait for its report; see `Tool`."""
        ready = self.prepare(
            self._message_class,
            arguments,
            context,
            self._has_listener,
            'nobody listens to action_requests',
        )
        if isinstance(ready, ToolResult):
            return ready
        request = self._requests.open(context.request_id)
        if context.cancel.unless_canceled(lambda: self._send(context)) is None:
            self._requests.withdraw(context.request_id)
            return self.not_started(context)
        undo = context.cancel.on_cancel(request.changed.set)
        try:
            word = self._wait(request, context, ready.deadline, ready.timeout_sec)
        finally:
            undo()
        if request.end is not None:
            return self._result_of(*request.end, context, word, arguments)
        return ToolResult(
            Outcome.UNKNOWN,
            f'{self.skill.id} {word}, and who carries it out did not report its end in '
            f'{self._limits.cancel_sec:g} s: the robot may still be moving.',
            tell_end=functools.partial(
                self._late_ends.follow, functools.partial(_late_end, request)
            ),
        )

    def _send(self, context: CallContext) -> bool:
        context.on_state(RequestState.SENT)
        return True

    def _wait(
        self, request: OpenRequest, context: CallContext, deadline: float, timeout_sec: float
    ) -> str:
        """Wait for the report; return why it was told to end before, or nothing."""
        word = ''
        while request.end is None:
            request.changed.wait(POLL_SEC)
            request.changed.clear()
            now = time.monotonic()
            if word and now > deadline:
                break
            if not word and (context.cancel.canceled or now > deadline):
                word = f'took longer than {timeout_sec:g} s'
                if context.cancel.canceled:
                    _, word = early_end(context.cancel)
                deadline = now + self._limits.cancel_sec
                context.on_state(RequestState.CANCELING)
        return word

    def _result_of(
        self,
        state: RequestState,
        text: str,
        context: CallContext,
        word: str,
        arguments: Mapping[str, Any],
    ) -> ToolResult:
        name, said = self.skill.id, text[:MAX_RESULT_CHARACTERS].strip()
        if state is RequestState.SUCCEEDED:
            result = self.succeeded({}, arguments)
            return ToolResult(result.outcome, said) if said else result
        if state is RequestState.ABORTED:
            return self.failed(Outcome.ABORTED, said or 'the robot gave up', {}, arguments)
        tail = f': {said}' if said else '.'
        if state is RequestState.REJECTED:
            return ToolResult(Outcome.REJECTED, f'The robot did not accept {name}{tail}')
        if not word:
            return ToolResult(Outcome.CANCELED, f'{name} was canceled by someone else{tail}')
        canceled = context.cancel.canceled
        outcome = early_end(context.cancel)[0] if canceled else Outcome.TIMED_OUT
        return ToolResult(outcome, f'{name} {word} and stopped{tail}')


def _late_end(request: OpenRequest) -> tuple[RequestState, str] | None:
    if request.end is None:
        return None
    state, text = request.end
    return state, f'Known at last: {text or state.name}'
