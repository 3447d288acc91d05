"""Whether the client of a goal is still there."""

import dataclasses
import threading
import time
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup

PERIOD_SEC = 0.5
DISCOVERY_SEC = 5.0
ABSENCE_SEC = 1.0


@dataclasses.dataclass
class _WatchedGoal:
    on_gone: Callable[[], None]
    since: float
    candidates: set[bytes] = dataclasses.field(default_factory=set)
    last_seen: float = 0.0


class ClientWatch:
    """Tells when the client of a goal has gone from the graph; a timer of the node looks.

    A server is not told who sent a goal. But every client of an action listens to its feedback:
    the goal's is among those that listen while the goal is young, and when none of them is left
    it has gone. A goal is never given up while its client is there; it may be missed that a
    client went, as long as another one stays that was there at the goal's beginning.

    A client that exits is missed at once, one that is killed when its lease ends in the
    middleware.

    Args:
        node: of the action's server.
        action: resolved name of the action.
    """

    def __init__(self, node: Any, action: str) -> None:
        self._node = node
        self._feedback = f'{action}/_action/feedback'
        self._lock = threading.Lock()
        self._goals: dict[bytes, _WatchedGoal] = {}
        self._timer = node.create_timer(
            PERIOD_SEC, self._look, callback_group=MutuallyExclusiveCallbackGroup()
        )

    def destroy(self) -> None:
        """Look no more."""
        self._node.destroy_timer(self._timer)

    def begin(self, goal_id: bytes, on_gone: Callable[[], None]) -> None:
        """Watch a goal that was just accepted; `on_gone` is called once."""
        goal = _WatchedGoal(on_gone, time.monotonic())
        goal.candidates |= self._listeners()
        with self._lock:
            self._goals[goal_id] = goal

    def end(self, goal_id: bytes) -> None:
        """Watch a goal no more."""
        with self._lock:
            self._goals.pop(goal_id, None)

    def _listeners(self) -> set[bytes]:
        infos = self._node.get_subscriptions_info_by_topic(self._feedback)
        return {bytes(info.endpoint_gid) for info in infos}

    def _look(self) -> None:
        with self._lock:
            if not self._goals:
                return
            goals = dict(self._goals)
        listeners, now = self._listeners(), time.monotonic()
        for goal_id, goal in goals.items():
            if now - goal.since < DISCOVERY_SEC:
                goal.candidates |= listeners
            if not goal.candidates or goal.candidates & listeners:
                goal.last_seen = now
            elif now - goal.last_seen > ABSENCE_SEC:
                self.end(goal_id)
                goal.on_gone()
