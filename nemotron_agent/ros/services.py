"""The node's services: ask, list_tools, call_tool, clear_conversation, list_conversations."""

import json
import threading
import uuid
from collections.abc import Mapping
from typing import Any

from nemotron_agent_interfaces.srv import (
    Ask,
    CallTool,
    ClearConversation,
    ListConversations,
    ListTools,
)
from rclpy.callback_groups import ReentrantCallbackGroup

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.errors import InvalidTaskError, TaskRefusedError
from nemotron_agent.core.json_text import encodable
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.origin import Origin
from nemotron_agent.core.task_queue import TaskQueue
from nemotron_agent.core.tool import Outcome
from nemotron_agent.ros.assembly import ConfiguredAgent
from nemotron_agent.ros.task_intake import (
    NOT_ACTIVE,
    TaskIntake,
    check_name,
    check_timeout,
    refusal,
)
from nemotron_agent.ros.task_messages import call_message, fill_result, tool_message

MAX_DIRECT_CALLS = 4
CLEAR_TIMEOUT_SEC = 5.0
NOT_CONFIGURED = 'the agent is not configured: configure and activate its node first'


class AgentServices:
    """Serves the node's services. `configured` is the node's agent while it has one.

    `~/ask` and `~/call_tool` wait in an executor thread for what they started: the queue bounds
    the one, MAX_DIRECT_CALLS the other.
    """

    def __init__(self, node: Any, intake: TaskIntake) -> None:
        self.configured: ConfiguredAgent | None = None
        self._node = node
        self._intake = intake
        self._direct_calls: set[CancelToken] = set()
        self._lock = threading.Lock()
        group = ReentrantCallbackGroup()
        self._services = [
            node.create_service(kind, f'~/{name}', callback, callback_group=group)
            for kind, name, callback in (
                (Ask, 'ask', self._on_ask),
                (ListTools, 'list_tools', self._on_list_tools),
                (CallTool, 'call_tool', self._on_call_tool),
                (ClearConversation, 'clear_conversation', self._on_clear_conversation),
                (ListConversations, 'list_conversations', self._on_list_conversations),
            )
        ]

    def destroy(self) -> None:
        """Take the services down."""
        for service in self._services:
            self._node.destroy_service(service)

    def cancel_direct_calls(self) -> None:
        """Cancel what `~/call_tool` started."""
        with self._lock:
            running = list(self._direct_calls)
        for cancel in running:
            cancel.cancel(CancelReason.SHUTDOWN)

    def _on_ask(self, request: Any, response: Any) -> Any:
        try:
            handle = self._intake.submit(
                request.task,
                lambda event: None,
                origin=str(Origin('service', request.origin)),
                conversation_id=request.conversation_id,
                timeout_sec=request.timeout_sec,
            )
        except TaskRefusedError as error:
            return fill_result(response, refusal(error))
        return fill_result(response, handle.join())

    def _on_list_tools(self, request: Any, response: Any) -> Any:
        if self.configured is None:
            response.message = NOT_CONFIGURED
            return response
        response.success = True
        response.tools = [tool_message(spec) for spec in self.configured.registry.specs]
        return response

    def _on_call_tool(self, request: Any, response: Any) -> Any:
        try:
            check_name('origin', request.origin)
            check_timeout(request.timeout_sec)
            arguments = _read_arguments(request.arguments)
        except InvalidTaskError as error:
            return self._refused_call(request, response, str(error))
        cancel = CancelToken()
        # Under the lock: a call that `cancel_direct_calls` does not see finds no queue.
        with self._lock:
            configured = self.configured
            if configured is None or self._intake.queue is None:
                return self._refused_call(request, response, NOT_ACTIVE)
            if len(self._direct_calls) >= MAX_DIRECT_CALLS:
                told = f'{MAX_DIRECT_CALLS} calls run already: try again later'
                return self._refused_call(request, response, told)
            self._direct_calls.add(cancel)
        try:
            record = configured.registry.call(
                ToolCall(uuid.uuid4().hex, request.tool, arguments),
                origin=str(Origin('service', request.origin)),
                cancel=cancel,
                timeout_sec=request.timeout_sec or None,
            )
        finally:
            with self._lock:
                self._direct_calls.discard(cancel)
        response.success = record.result.outcome is Outcome.SUCCEEDED
        response.tool_call = call_message(record)
        if not record.request_id and not response.success:
            return self._refused_call(request, response, record.result.text)
        if not response.success:
            response.message = encodable(record.result.text)
        return response

    def _refused_call(self, request: Any, response: Any, reason: str) -> Any:
        """Answer and note a call that did not reach the gate, which notes all others."""
        recorder = self._intake.recorder
        if recorder is not None:
            origin = str(Origin('service', request.origin))
            recorder.refused(f'{request.tool} {request.arguments}', origin, '', reason)
        response.message = encodable(reason)
        return response

    def _on_clear_conversation(self, request: Any, response: Any) -> Any:
        configured, queue = self.configured, self._intake.queue
        if configured is None:
            response.message = NOT_CONFIGURED
            return response
        name = request.conversation_id or self._intake.default_conversation
        if queue is not None and not queue.cancel_conversation(name, CLEAR_TIMEOUT_SEC):
            response.message = (
                f'a task of conversation "{name}" did not end in {CLEAR_TIMEOUT_SEC:.0f} s: '
                'it is being cancelled, try again'
            )
            return response
        if configured.conversations.remove(name):
            configured.model.forget(name)
        else:
            response.message = f'there is no conversation "{encodable(name)}"'
        archive = configured.conversations.archive
        if archive is not None and archive.status.problem:
            response.message = (
                'it is forgotten, but what the disk may have of it cannot be deleted now: '
                + archive.status.problem
            )
        response.success = not response.message
        return response

    def _on_list_conversations(self, request: Any, response: Any) -> Any:
        configured, queue = self.configured, self._intake.queue
        for summary in configured.conversations.summaries() if configured else ():
            response.conversation_ids.append(encodable(summary.id))
            response.messages.append(summary.messages)
            response.tokens.append(summary.tokens)
            response.busy.append(_is_busy(queue, summary.id))
        return response


def _is_busy(queue: TaskQueue | None, conversation_id: str) -> bool:
    return queue is not None and queue.is_busy(conversation_id)


def _read_arguments(text: str) -> Mapping[str, Any]:
    try:
        arguments = json.loads(text or '{}')
    except (ValueError, RecursionError) as error:
        raise InvalidTaskError(f'arguments is no JSON: {error}') from error
    if not isinstance(arguments, dict):
        raise InvalidTaskError('arguments must be a JSON object, such as {"place": "dock"}')
    return arguments
