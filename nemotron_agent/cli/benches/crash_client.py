"""Gives commands to a node that may die at any moment."""

import dataclasses
import queue
import time
from collections.abc import Callable
from typing import TypeVar

from nemotron_agent_interfaces.action import ExecuteTask
from std_msgs.msg import String

from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.ros.feedback_qos import FEEDBACK_QOS
from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.testing.own_ros_domain import RosDomain

DEFAULT_CONVERSATION = 'default'
POLL_SEC = 0.01
ON_ITS_WAY_SEC = 0.1  # what was sent before the death may still arrive

T = TypeVar('T')


@dataclasses.dataclass(frozen=True)
class Command:
    """A command that no other resembles; by action, or by topic in the default conversation."""

    text: str
    conversation: str
    by_topic: bool


class CrashClient:
    """A client of the action and of the topics, for commands one after the other.

    Args:
        answer: what the node says when it has carried out a command.
        patience_sec: how long a command may take while the node lives [s].
    """

    def __init__(self, domain: RosDomain, answer: str, patience_sec: float = 30.0) -> None:
        self._node = domain.make_node('crash_client')
        self._answer = answer
        self._patience_sec = patience_sec
        self._responses: queue.Queue[str] = queue.Queue()
        self._commands = self._node.create_publisher(String, 'command', 10)
        self._node.create_subscription(
            String, 'response', lambda message: self._responses.put(message.data), 10
        )
        self._goals = GoalClient(
            self._node, ExecuteTask, 'nemotron_agent/execute_task', FEEDBACK_QOS
        )

    @property
    def is_ready(self) -> bool:
        """Whether the node is there."""
        return bool(
            self._goals.server_is_ready
            and self._commands.get_subscription_count() > 1
            and self._node.count_publishers('response')
        )

    def give(self, command: Command, node_died: Callable[[], bool]) -> bool:
        """Give a command and wait; return whether it was carried out and its result seen.

        Raises:
            EvaluationError: there is no result, and the node has not died.
        """
        if command.by_topic:
            self._commands.publish(String(data=command.text))
            return self._wait(self._response, node_died) == self._answer
        goal = self._goals.send(
            ExecuteTask.Goal(task=command.text, conversation_id=command.conversation)
        )

        def result() -> ExecuteTask.Result | None:
            goal.changed.wait(POLL_SEC)
            goal.changed.clear()
            goal.advance()
            return goal.result

        seen = self._wait(result, node_died)
        goal.release()
        return seen is not None and seen.answer == self._answer

    def _response(self) -> str | None:
        try:
            return self._responses.get(timeout=POLL_SEC)
        except queue.Empty:
            return None

    def _wait(self, look: Callable[[], T | None], node_died: Callable[[], bool]) -> T | None:
        """Look until there is something; None if the node died before."""
        started, died = time.monotonic(), None
        while (found := look()) is None:
            now = time.monotonic()
            if died is None and node_died():
                died = now
            if died is not None and now - died > ON_ITS_WAY_SEC:
                return None
            if now - started > self._patience_sec:
                raise EvaluationError(f'the node has not answered in {self._patience_sec:g} s')
        return found
