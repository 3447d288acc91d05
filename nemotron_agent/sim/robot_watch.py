"""Watches a simulated robot from another node."""

import threading
from collections.abc import Callable
from typing import Any

from std_msgs.msg import String

from nemotron_agent.sim.qos import LATCHED
from nemotron_agent.sim.robot_state import RobotState

__all__ = ['RobotState', 'RobotWatch']


class RobotWatch:
    """Keeps the newest `robot_state`; the node is spun by somebody else.

    Args:
        node: subscribes.
        topic: relative to the node's namespace, or absolute.
    """

    def __init__(self, node: Any, topic: str = 'robot_state') -> None:
        self._node = node
        self._changed = threading.Condition()
        self._state: RobotState | None = None
        self._subscription = node.create_subscription(String, topic, self._on_state, LATCHED)

    @property
    def state(self) -> RobotState:
        """The newest state.

        Raises:
            LookupError: none has come yet.
        """
        with self._changed:
            if self._state is None:
                raise LookupError(f'no state has come on {self._subscription.topic_name} yet')
            return self._state

    def wait_for(
        self, predicate: Callable[[RobotState], bool], timeout_sec: float
    ) -> RobotState | None:
        """Wait for a state of which `predicate` holds; None if it does not come in time.

        A state that was there before counts.
        """
        with self._changed:
            came = self._changed.wait_for(
                lambda: self._state is not None and predicate(self._state), timeout_sec
            )
            return self._state if came else None

    def wait_for_next(
        self, predicate: Callable[[RobotState], bool], timeout_sec: float
    ) -> RobotState | None:
        """Wait as `wait_for`, for a state that is newer than the present one."""
        with self._changed:
            present = self._state
        return self.wait_for(lambda state: state is not present and predicate(state), timeout_sec)

    def destroy(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _on_state(self, message: String) -> None:
        state = RobotState.from_json(message.data)
        with self._changed:
            self._state = state
            self._changed.notify_all()
