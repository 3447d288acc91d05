"""The action `~/execute_task`."""

import functools
import threading
from typing import Any

from nemotron_agent_interfaces.action import ExecuteTask
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup

from nemotron_agent.core.agent_events import AgentEvent
from nemotron_agent.core.errors import TaskRefusedError
from nemotron_agent.core.origin import Origin
from nemotron_agent.core.task import TaskResult, TaskStatus
from nemotron_agent.core.task_handle import TaskHandle
from nemotron_agent.ros.client_watch import ClientWatch
from nemotron_agent.ros.feedback_qos import FEEDBACK_QOS
from nemotron_agent.ros.task_intake import TaskIntake, refusal
from nemotron_agent.ros.task_messages import feedback_message, fill_result


class ExecuteTaskServer:
    """Serves `~/execute_task`.

    Every goal is accepted; one that cannot be taken ends at once as aborted, as only a result can
    say why. The execute callback waits for the end of its task in an executor thread: the queue
    bounds how many do. A goal whose client has gone is canceled, unless the parameter
    `cancel_orphans` says otherwise.
    """

    def __init__(self, node: Any, intake: TaskIntake) -> None:
        self._node = node
        self._intake = intake
        self._lock = threading.Lock()
        self._handles: dict[bytes, TaskHandle] = {}
        self._canceled_early: set[bytes] = set()
        self._server = ActionServer(
            node,
            ExecuteTask,
            '~/execute_task',
            execute_callback=self._execute,
            goal_callback=lambda goal: GoalResponse.ACCEPT,
            cancel_callback=self._on_cancel,
            callback_group=ReentrantCallbackGroup(),
            feedback_pub_qos_profile=FEEDBACK_QOS,
        )
        action = f'{node.get_fully_qualified_name()}/execute_task'
        self._clients = ClientWatch(node, action)

    def destroy(self) -> None:
        """Take the action down."""
        self._clients.destroy()
        self._server.destroy()

    def _on_cancel(self, goal_handle: Any) -> CancelResponse:
        goal_id = bytes(goal_handle.goal_id.uuid)
        with self._lock:
            handle = self._handles.get(goal_id)
            if handle is None:
                self._canceled_early.add(goal_id)
        if handle is not None:
            handle.cancel.cancel()
        return CancelResponse.ACCEPT

    def _give_up(self, handle: TaskHandle) -> None:
        self._node.get_logger().warning(
            f'the client of the task "{handle.task.text:.60}" has gone: the task is canceled'
        )
        handle.cancel.cancel()

    def _execute(self, goal_handle: Any) -> ExecuteTask.Result:
        goal_id = bytes(goal_handle.goal_id.uuid)
        result = self._run(goal_handle, goal_id)
        self._clients.end(goal_id)
        with self._lock:
            self._handles.pop(goal_id, None)
            self._canceled_early.discard(goal_id)
        if result.status is TaskStatus.DONE:
            goal_handle.succeed()
        elif result.status is TaskStatus.CANCELED and goal_handle.is_cancel_requested:
            goal_handle.canceled()
        else:
            goal_handle.abort()
        return fill_result(ExecuteTask.Result(), result)

    def _run(self, goal_handle: Any, goal_id: bytes) -> TaskResult:
        goal = goal_handle.request

        def on_event(event: AgentEvent) -> None:
            if goal_handle.is_active:
                goal_handle.publish_feedback(feedback_message(event))

        try:
            handle = self._intake.submit(
                goal.task,
                on_event,
                origin=str(Origin('action', goal.origin)),
                conversation_id=goal.conversation_id,
                priority=goal.priority,
                thinking=goal.thinking,
                timeout_sec=goal.timeout_sec,
            )
        except TaskRefusedError as error:
            return refusal(error)
        with self._lock:
            self._handles[goal_id] = handle
            canceled_early = goal_id in self._canceled_early
        if canceled_early:
            handle.cancel.cancel()
        if self._intake.cancel_orphans:
            self._clients.begin(goal_id, functools.partial(self._give_up, handle))
        return handle.join()
