"""A client of an agent: sends a command, follows it, cancels it."""

import math
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import rclpy
from action_msgs.msg import GoalStatus
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from nemotron_agent_interfaces.action import ExecuteTask
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.ros.feedback_qos import FEEDBACK_QOS
from nemotron_agent.ros.goal import Goal
from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.ros.server_presence import ServerPresence
from nemotron_agent.ros.spinner import Spinner
from nemotron_agent.ros.waiting import POLL_SEC, wait_until

REPLY_TIMEOUT_SEC = 10.0
ABSENCE_SEC = 5.0
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
    """A command on its way. One thread follows it by `wait`; any may cancel it."""

    def __init__(self, goal: Goal, client: GoalClient) -> None:
        self._goal = goal
        self._client = client
        self._presence = ServerPresence(client)
        self._sent_at = time.monotonic()

    @property
    def canceled(self) -> bool:
        """Whether it ended as canceled."""
        return bool(self._goal.status == GoalStatus.STATUS_CANCELED)

    def cancel(self) -> None:
        """Ask for its end, at once or as soon as it is taken; the result still comes."""
        self._goal.cancel()

    def wait(self, timeout_sec: float | None = None) -> ExecuteTask.Result | None:
        """Wait for the result; None if it has not come in time.

        Raises:
            AgentUnreachableError: the agent does not take it, or has gone.
        """
        deadline = math.inf if timeout_sec is None else time.monotonic() + timeout_sec
        while self._goal.result is None:
            now = time.monotonic()
            if now >= deadline:
                return None
            self._check(now)
            self._goal.changed.wait(min(POLL_SEC, deadline - now))
            self._goal.changed.clear()
            self._goal.advance()
        self._goal.release()
        return self._goal.result

    def _check(self, now: float) -> None:
        goal, name = self._goal, self._client.name
        unanswered = not goal.accepted and now - self._sent_at > REPLY_TIMEOUT_SEC
        if goal.rejected or unanswered:
            goal.cancel()
            raise AgentUnreachableError(f'{name} did not take the command')
        if goal.unknown_to_server or self._presence.missing_sec(now) > ABSENCE_SEC:
            raise AgentUnreachableError(f'the agent that served {name} has gone')


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
        self._client = GoalClient(self.node, ExecuteTask, f'{agent}/execute_task', FEEDBACK_QOS)
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
        self._client.close(0.0)
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
            AgentUnreachableError: no agent is there after `wait_sec`.
        """
        if not wait_until(lambda: self._client.server_is_ready, wait_sec):
            raise AgentUnreachableError(
                f'no agent answers at {self.agent_name}: start one with `nemotron-agent demo` or '
                '`ros2 launch nemotron_agent agent.launch.py`, or check the namespace and '
                'ROS_DOMAIN_ID'
            )
        return SentTask(self._client.send(goal, on_feedback), self._client)

    def _answer(self, future: Any, timeout_sec: float) -> Any:
        answered = threading.Event()
        future.add_done_callback(lambda _: answered.set())
        return future.result() if answered.wait(timeout_sec) else None
