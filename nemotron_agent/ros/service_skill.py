"""A skill that is a ROS service."""

import functools
import threading
import time
from collections.abc import Mapping
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup

from nemotron_agent.core.tool import CallContext, Outcome, RequestState, ToolResult
from nemotron_agent.ros.late_ends import LateEnds
from nemotron_agent.ros.ros_skill import BoundSkill, RosSkill
from nemotron_agent.ros.waiting import POLL_SEC, WaitLimits, early_end
from nemotron_agent.skills.result_text import failure_in


class SharedServiceClient:
    """One service client, shared by the skills of its service. Thread-safe."""

    def __init__(self, node: Any, service_type: Any, name: str) -> None:
        self._node = node
        self._client: Any = node.create_client(
            service_type, name, callback_group=ReentrantCallbackGroup()
        )
        self.name = node.resolve_service_name(name)

    @property
    def server_is_ready(self) -> bool:
        """Whether a server is there now, as far as discovery knows."""
        client = self._client
        return client is not None and client.service_is_ready()

    def call(self, request: Any) -> Any:
        """Send a request; return rclpy's future."""
        return self._client.call_async(request)

    def close(self) -> None:
        """Destroy the client; may be called twice."""
        client, self._client = self._client, None
        if client is not None:
            self._node.destroy_client(client)


class ServiceSkill(RosSkill):
    """Calls a service, and waits for its answer in the caller's thread.

    A service cannot be canceled: a run that is told to end gives the server a little time to
    answer. Without an answer its end is unknown until one comes.

    Args:
        bound: the skill.
        service_type: class of the service.
        client: shared by the skills of the service.
        limits: how long to wait for what.
        late_ends: follows requests that are not answered in time.
    """

    def __init__(
        self,
        bound: BoundSkill,
        service_type: Any,
        client: SharedServiceClient,
        limits: WaitLimits = WaitLimits(),  # noqa: B008 (frozen)
        late_ends: LateEnds | None = None,
    ) -> None:
        super().__init__(bound, client.name, limits)
        self._service_type = service_type
        self._client = client
        self._late_ends = late_ends or LateEnds()

    def close(self) -> None:
        """Destroy the client; may be called twice."""
        self._client.close()
        self._late_ends.close()

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Call the service and wait for the answer; see `Tool`."""
        ready = self.prepare(
            self._service_type.Request,
            arguments,
            context,
            lambda: self._client.server_is_ready,
            f'nothing serves the service {self.interface_path}',
        )
        if isinstance(ready, ToolResult):
            return ready
        answered = threading.Event()
        context.on_state(RequestState.SENT)
        future = self.begin(context, lambda: self._client.call(ready.message))
        if future is None:
            return self.not_started(context)
        future.add_done_callback(lambda done: answered.set())
        undo = context.cancel.on_cancel(answered.set)
        try:
            reason = self._wait(future, answered, context, ready.deadline)
        finally:
            undo()
        if reason is not None:
            return ToolResult(
                Outcome.UNKNOWN,
                f'{self.skill.id} {reason}: the robot may still be doing it.',
                tell_end=functools.partial(
                    self._late_ends.follow, functools.partial(self._late_answer, future)
                ),
            )
        result = self.data_of(future.result())
        failure = failure_in(self.skill.result, result)
        if failure is not None:
            return self.failed(Outcome.ABORTED, failure, result, arguments)
        return self.succeeded(result, arguments)

    def _wait(
        self, future: Any, answered: threading.Event, context: CallContext, deadline: float
    ) -> str | None:
        """Wait for the answer; return why it did not come, or None if it did."""
        last_seen = time.monotonic()
        word = ''
        while True:
            answered.wait(POLL_SEC)
            now = time.monotonic()
            answered.clear()
            if future.done():
                return None
            if word and now > deadline:
                return f'{word}, and was not answered in {self._limits.cancel_sec:g} s'
            if now > deadline:
                return 'was not answered in time'
            if self._client.server_is_ready:
                last_seen = now
            elif now - last_seen > self._limits.absence_sec:
                return 'was not answered, its server went away'
            if context.cancel.canceled and not word:
                _, word = early_end(context.cancel)
                deadline = now + self._limits.cancel_sec
                context.on_state(RequestState.CANCELING)

    def _late_answer(self, future: Any) -> tuple[RequestState, str] | None:
        """Look for an answer that was not waited for."""
        if not future.done() or future.cancelled():
            return None
        failure = failure_in(self.skill.result, self.data_of(future.result()))
        if failure is not None:
            return RequestState.ABORTED, f'Known at last: it failed: {failure}.'
        return RequestState.SUCCEEDED, 'Known at last: it is done.'
