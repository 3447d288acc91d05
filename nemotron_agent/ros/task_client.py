"""A client of an agent: sends a command, follows it, cancels it."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from nemotron_agent_interfaces.action import ExecuteTask
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.ros.feedback_qos import FEEDBACK_QOS
from nemotron_agent.ros.spinner import Spinner

REPLY_TIMEOUT_SEC = 10.0
STATES = {
    State.PRIMARY_STATE_UNCONFIGURED: 'unconfigured',
    State.PRIMARY_STATE_INACTIVE: 'inactive',
    State.PRIMARY_STATE_ACTIVE: 'active',
    State.PRIMARY_STATE_FINALIZED: 'finalized',
    State.TRANSITION_STATE_CONFIGURING: 'configuring',
    State.TRANSITION_STATE_ACTIVATING: 'activating',
}


class AgentUnreachableError(NemotronAgentError):
    """No agent answers under the name."""


class SentTask:
    """A command on its way."""

    def __init__(self, goal_handle: Any) -> None:
        self._goal_handle = goal_handle
        self._ended = threading.Event()
        self._future = goal_handle.get_result_async()
        self._future.add_done_callback(lambda future: self._ended.set())

    def cancel(self) -> None:
        """Ask for its end; the result still comes."""
        self._goal_handle.cancel_goal_async()

    def wait(self, timeout_sec: float | None = None) -> ExecuteTask.Result | None:
        """Wait for the result; None if it has not come in time."""
        if not self._ended.wait(timeout_sec):
            return None
        return self._future.result().result

    @property
    def canceled(self) -> bool:
        """Whether it ended as canceled."""
        return self._ended.is_set() and (
            self._future.result().status == GoalStatus.STATUS_CANCELED
        )


class TaskClient:
    """A node of its own, spun by a thread of its own. Use as a context manager.

    Args:
        namespace: namespace of the agent, such as `/r1`.
        agent: name of the agent's node.
    """

    def __init__(self, namespace: str = '', agent: str = 'nemotron_agent') -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context, signal_handler_options=SignalHandlerOptions.NO)
        self.node = rclpy.create_node(
            'nemotron_agent_client', namespace=namespace, context=self._context
        )
        self.agent_name = f'{namespace.rstrip("/")}/{agent}'
        self._client = ActionClient(
            self.node,
            ExecuteTask,
            f'{agent}/execute_task',
            feedback_sub_qos_profile=FEEDBACK_QOS,
        )
        self._get_state = self.node.create_client(GetState, f'{agent}/get_state')
        executor = SingleThreadedExecutor(context=self._context)
        executor.add_node(self.node)
        self._spinner = Spinner(executor)

    def __enter__(self) -> 'TaskClient':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._spinner.close()
        self._client.destroy()
        self.node.destroy_node()
        self._context.try_shutdown()

    def agent_state(self, timeout_sec: float) -> str | None:
        """Lifecycle state of the agent, such as `active`; None if it does not answer in time."""
        if not self._get_state.wait_for_service(timeout_sec):
            return None
        response = self._answer(self._get_state.call_async(GetState.Request()), timeout_sec)
        if response is None:
            return None
        return STATES.get(response.current_state.id, response.current_state.label)

    def send(
        self,
        goal: ExecuteTask.Goal,
        on_feedback: Callable[[ExecuteTask.Feedback], None],
        wait_sec: float = 5.0,
    ) -> SentTask:
        """Send a command; `on_feedback` is called from the client's thread.

        Raises:
            AgentUnreachableError: no agent is there after `wait_sec`, or it does not answer.
        """
        if not self._client.wait_for_server(timeout_sec=wait_sec):
            raise AgentUnreachableError(
                f'no agent answers at {self.agent_name}: start one with `nemotron-agent demo` or '
                '`ros2 launch nemotron_agent agent.launch.py`, or check the namespace and '
                'ROS_DOMAIN_ID'
            )
        future = self._client.send_goal_async(
            goal, feedback_callback=lambda message: on_feedback(message.feedback)
        )
        goal_handle = self._answer(future, REPLY_TIMEOUT_SEC)
        if goal_handle is None or not goal_handle.accepted:
            raise AgentUnreachableError(f'the agent at {self.agent_name} did not take the command')
        return SentTask(goal_handle)

    def _answer(self, future: Any, timeout_sec: float) -> Any:
        answered = threading.Event()
        future.add_done_callback(lambda _: answered.set())
        return future.result() if answered.wait(timeout_sec) else None
