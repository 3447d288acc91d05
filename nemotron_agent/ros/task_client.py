"""A client of an agent: sends a command, follows it, cancels it."""

import math
import time
from collections.abc import Callable

from action_msgs.msg import GoalStatus
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from nemotron_agent_interfaces.action import ExecuteTask

from nemotron_agent.ros.client_node import (
    REPLY_TIMEOUT_SEC,
    AgentUnreachableError,
    ClientNode,
)
from nemotron_agent.ros.feedback_qos import FEEDBACK_QOS
from nemotron_agent.ros.goal import Goal
from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.ros.server_presence import ServerPresence
from nemotron_agent.ros.waiting import POLL_SEC, wait_until

ABSENCE_SEC = 5.0
STATES = {
    State.PRIMARY_STATE_UNCONFIGURED: 'unconfigured',
    State.PRIMARY_STATE_INACTIVE: 'inactive',
    State.PRIMARY_STATE_ACTIVE: 'active',
    State.PRIMARY_STATE_FINALIZED: 'finalized',
    State.TRANSITION_STATE_CONFIGURING: 'configuring',
    State.TRANSITION_STATE_ACTIVATING: 'activating',
}


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


class TaskClient(ClientNode):
    """Sends commands to an agent; see `ClientNode`."""

    def __init__(self, namespace: str = '', agent: str = 'nemotron_agent') -> None:
        super().__init__(namespace, agent)
        self._client = GoalClient(
            self.node, ExecuteTask, f'{self.agent_name}/execute_task', FEEDBACK_QOS
        )

    def close(self) -> None:
        """Destroy the action client."""
        self._client.close(0.0)

    def agent_state(self, timeout_sec: float) -> str | None:
        """Lifecycle state of the agent, such as `active`; None if it does not answer in time."""
        response = self.ask(GetState, 'get_state', GetState.Request(), timeout_sec)
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
            raise self.unreachable()
        return SentTask(self._client.send(goal, on_feedback), self._client)
