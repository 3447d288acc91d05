"""Skills that are a ROS topic: one publishes a message, the other reads the latest."""

import threading
import time
from collections.abc import Mapping
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

from nemotron_agent.core.tool import CallContext, Outcome, RequestState, ToolResult
from nemotron_agent.ros.ros_skill import BoundSkill, RosSkill
from nemotron_agent.ros.waiting import POLL_SEC, WaitLimits, early_end


def _qos(latched: bool, reads: bool) -> QoSProfile:
    if latched:
        return QoSProfile(
            depth=1,
            reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL,
        )
    if reads:
        # Best effort hears reliable and best-effort publishers alike.
        return QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    return QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)


class PublishSkill(RosSkill):
    """Publishes one message for each call, if somebody listens.

    Args:
        bound: the skill.
        message_type: class of the message.
        node: publishes.
        limits: how long to wait for a listener.
    """

    def __init__(
        self,
        bound: BoundSkill,
        message_type: Any,
        node: Any,
        limits: WaitLimits = WaitLimits(),  # noqa: B008 (frozen)
    ) -> None:
        path = bound.skill.interface_path
        super().__init__(bound, node.resolve_topic_name(path), limits)
        self._node = node
        self._message_type = message_type
        self._publisher: Any = node.create_publisher(
            message_type, path, _qos(bound.skill.latched, reads=False)
        )

    def close(self) -> None:
        """Destroy the publisher; may be called twice."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            self._node.destroy_publisher(publisher)

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Publish; see `Tool`."""
        ready = self.prepare(
            self._message_type,
            arguments,
            context,
            self._has_listener,
            f'nothing listens on the topic {self.interface_path}',
        )
        if isinstance(ready, ToolResult):
            return ready
        context.on_state(RequestState.SENT)
        if self.begin(context, lambda: self._publish(ready.message)) is None:
            return self.not_started(context)
        return self.succeeded({}, arguments)

    def _publish(self, message: Any) -> bool:
        self._publisher.publish(message)
        return True

    def _has_listener(self) -> bool:
        publisher = self._publisher
        # A latched message waits for its listeners by itself.
        return publisher is not None and (
            self.skill.latched or publisher.get_subscription_count() > 0
        )


class ReadSkill(RosSkill):
    """Tells the latest message of a topic, unless it is too old.

    It listens from the start, so that a call seldom has to wait. The age counts from arrival.

    Args:
        bound: the skill.
        message_type: class of the message.
        node: whose executor runs the callback.
        limits: how long to wait for a first publisher.
    """

    def __init__(
        self,
        bound: BoundSkill,
        message_type: Any,
        node: Any,
        limits: WaitLimits = WaitLimits(),  # noqa: B008 (frozen)
    ) -> None:
        path = bound.skill.interface_path
        super().__init__(bound, node.resolve_topic_name(path), limits)
        self._node = node
        self._arrival = threading.Condition()
        self._latest: tuple[Any, float] | None = None
        self._subscription: Any = node.create_subscription(
            message_type,
            path,
            self._take,
            _qos(bound.skill.latched, reads=True),
            callback_group=ReentrantCallbackGroup(),
        )

    def close(self) -> None:
        """Destroy the subscription; may be called twice."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            self._node.destroy_subscription(subscription)

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Wait until a message is there that is young enough, and tell it; see `Tool`."""
        timeout_sec = context.timeout_sec or self.skill.timeout_sec
        deadline = time.monotonic() + timeout_sec
        message = self._fresh()
        while message is None:
            if context.cancel.canceled:
                outcome, word = early_end(context.cancel)
                return ToolResult(outcome, f'{self.skill.id} {word}.')
            if time.monotonic() > deadline:
                return ToolResult(Outcome.UNAVAILABLE, self._silence())
            with self._arrival:
                self._arrival.wait(POLL_SEC)
            message = self._fresh()
        return self.succeeded(self.data_of(message), arguments)

    def _take(self, message: Any) -> None:
        with self._arrival:
            self._latest = (message, time.monotonic())
            self._arrival.notify_all()

    def _fresh(self) -> Any:
        with self._arrival:
            if self._latest is None:
                return None
            message, arrived = self._latest
        if self.skill.latched or time.monotonic() - arrived <= self.skill.max_age_sec:
            return message
        return None

    def _silence(self) -> str:
        with self._arrival:
            latest = self._latest
        if latest is None:
            return f'{self.skill.id} knows nothing: no message came on {self.interface_path}.'
        age = time.monotonic() - latest[1]
        return (
            f'{self.skill.id} knows nothing new: the last message on {self.interface_path} is '
            f'{age:.0f} s old.'
        )
