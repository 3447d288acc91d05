"""Watches a simulated robot from outside: its own word for its state."""

import dataclasses
import json
import threading
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from std_msgs.msg import String


@dataclasses.dataclass(frozen=True)
class RobotState:
    """The robot at one time: pose [m, rad], and the rest as `robot_state` says it."""

    x: float
    y: float
    yaw: float
    place: str | None
    holding: str | None
    light: bool
    battery: float
    moving: bool


class RobotWatch:
    """Keeps the newest `robot_state`. The node it is given must be spun by somebody else."""

    def __init__(self, node: Any) -> None:
        self._changed = threading.Condition()
        self._state: RobotState | None = None
        self._received = 0
        self._subscription = node.create_subscription(
            String, 'robot_state', self._on_state, 10, callback_group=ReentrantCallbackGroup()
        )

    @property
    def state(self) -> RobotState:
        """The newest state; `wait_for` must have succeeded once."""
        assert self._state is not None, 'wait for a state first'
        return self._state

    def wait_for(
        self, condition: Callable[[RobotState], bool], timeout_sec: float
    ) -> RobotState | None:
        """Wait for a state of after this call that fulfils a condition; None if none came in time.

        The next message may have been on its way before the call: it is the one after that counts.
        """
        with self._changed:
            seen = self._received
            fulfilled = self._changed.wait_for(
                lambda: self._received >= seen + 2 and condition(self.state), timeout_sec
            )
            return self.state if fulfilled else None

    def _on_state(self, message: String) -> None:
        data = json.loads(message.data)
        state = RobotState(
            x=data['pose']['x'],
            y=data['pose']['y'],
            yaw=data['pose']['yaw'],
            place=data['place'],
            holding=data['holding'],
            light=data['light'],
            battery=data['battery'],
            moving=data['moving'],
        )
        with self._changed:
            self._state = state
            self._received += 1
            self._changed.notify_all()
