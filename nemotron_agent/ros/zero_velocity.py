"""Publishes zero velocity for a short while."""

import threading
from typing import Any

from geometry_msgs.msg import Twist, TwistStamped

DURATION_SEC = 0.5
PERIOD_SEC = 0.05


class ZeroVelocity:
    """Tells a drive to stand still: at once, and again for DURATION_SEC from a thread of its own.

    Args:
        node: publishes.
        topic: resolved name.
        stamped: whether the drive takes TwistStamped.
    """

    def __init__(self, node: Any, topic: str, *, stamped: bool) -> None:
        self._node = node
        self._type = TwistStamped if stamped else Twist
        self._publisher: Any = node.create_publisher(self._type, topic, 10)
        self._asked = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name='zero_velocity', daemon=True)
        self._thread.start()

    def publish(self) -> None:
        """Publish now, and have it repeated."""
        self._publish()
        self._asked.set()

    def close(self) -> None:
        """End the thread and take the topic down."""
        self._closed.set()
        self._asked.set()
        self._thread.join()
        self._node.destroy_publisher(self._publisher)

    def _repeat(self) -> None:
        while self._asked.wait() and not self._closed.is_set():
            self._asked.clear()
            for _ in range(round(DURATION_SEC / PERIOD_SEC)):
                if self._closed.wait(PERIOD_SEC):
                    return
                self._publish()

    def _publish(self) -> None:
        message = self._type()
        if self._type is TwistStamped:
            message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
