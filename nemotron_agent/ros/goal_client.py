"""One ROS action client, shared by all skills of its interface."""

import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatusArray
from rclpy.action import ActionClient
from rclpy.action.client import ClientGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.qos import QoSProfile, qos_profile_action_status_default

from nemotron_agent.ros.goal import TERMINAL, Goal
from nemotron_agent.ros.waiting import wait_until


class GoalClient:
    """Sends goals to one action server. Thread-safe; its callbacks may run in parallel.

    Args:
        node: whose executor runs the callbacks.
        action_type: class of the action.
        name: of the action, relative or absolute.
        feedback_qos: other than rclpy's own, where no piece may be lost.
    """

    def __init__(
        self, node: Any, action_type: Any, name: str, feedback_qos: QoSProfile | None = None
    ) -> None:
        group = ReentrantCallbackGroup()
        self._node = node
        self._goals: dict[bytes, Goal] = {}
        self._active: frozenset[bytes] = frozenset()
        self._lock = threading.Lock()
        self._closing = False
        self._action_type = action_type
        options = {} if feedback_qos is None else {'feedback_sub_qos_profile': feedback_qos}
        self._client: Any = ActionClient(node, action_type, name, callback_group=group, **options)
        self._status_topic = node.resolve_topic_name(f'{name}/_action/status')
        self._status = node.create_subscription(
            GoalStatusArray,
            f'{name}/_action/status',
            self._take_status,
            qos_profile_action_status_default,
            callback_group=group,
        )
        self.name = self._status_topic.removesuffix('/_action/status')

    @property
    def closing(self) -> bool:
        """Whether `close` was called: goals are to end."""
        return self._closing

    @property
    def closed(self) -> bool:
        """Whether the client is destroyed."""
        return self._client is None

    @property
    def _has_running_goals(self) -> bool:
        with self._lock:
            return any(not goal.is_late for goal in self._goals.values())

    @property
    def server_is_ready(self) -> bool:
        """Whether a server is there now, as far as discovery knows."""
        client = self._client
        return client is not None and client.server_is_ready()

    @property
    def server_ids(self) -> frozenset[bytes]:
        """Ids of the servers that are there now; a server that restarts gets another."""
        publishers = self._node.get_publishers_info_by_topic(self._status_topic)
        return frozenset(bytes(publisher.endpoint_gid) for publisher in publishers)

    def send(self, message: Any, on_feedback: Callable[[Any], None] | None = None) -> Goal:
        """Send a goal; follow it with `Goal.changed` and `Goal.advance`, then `release` it.

        `on_feedback` is called with each feedback, in a thread of the executor.
        """
        goal = Goal(self, on_feedback)
        with self._lock:
            self._goals[goal.key] = goal
        # rclpy keeps the callback of a goal that is rejected for good.
        take_feedback = functools.partial(_hand_on, weakref.ref(goal))
        future = self._client.send_goal_async(
            message, feedback_callback=take_feedback, goal_uuid=goal.id
        )
        future.add_done_callback(goal.take_response)
        return goal

    def handle_of(self, goal: Goal) -> ClientGoalHandle:
        """Make rclpy's handle of a goal whose acceptance was not seen."""
        response = self._action_type.Impl.SendGoalService.Response(accepted=True)
        return ClientGoalHandle(self._client, goal.id, response)

    def runs_other_than(self, goal: Goal) -> bool:
        """Whether the server said last that it runs goals besides this one."""
        return bool(self._active - {goal.key})

    def forget_statuses(self) -> None:
        """Drop what a server said that is gone."""
        self._active = frozenset()

    def forget(self, goal: Goal) -> None:
        """Hand it no more status messages."""
        with self._lock:
            self._goals.pop(goal.key, None)

    def close(self, timeout_sec: float = 5.0) -> None:
        """Give running goals time to be canceled, then destroy the client; may be called twice."""
        self._closing = True
        wait_until(lambda: not self._has_running_goals, timeout_sec, lambda: self.closed)
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.destroy()
            self._node.destroy_subscription(self._status)

    def _take_status(self, message: GoalStatusArray) -> None:
        self._active = frozenset(
            bytes(entry.goal_info.goal_id.uuid)
            for entry in message.status_list
            if entry.status not in TERMINAL
        )
        for entry in message.status_list:
            with self._lock:
                goal = self._goals.get(bytes(entry.goal_info.goal_id.uuid))
            if goal is not None:
                goal.take_status(entry.status)


def _hand_on(goal: 'weakref.ref[Goal]', message: Any) -> None:
    alive = goal()
    if alive is not None:
        alive.take_feedback(message)
