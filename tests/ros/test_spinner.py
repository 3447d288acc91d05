import threading

import pytest

pytest.importorskip('rclpy')

from std_msgs.msg import Empty

SOON = 10.0


def test_a_callback_that_raises_does_not_end_the_spinning(ros_domain):
    node = ros_domain.make_node('node')
    calls = []
    second = threading.Event()

    def on_message(message):
        calls.append(message)
        if len(calls) == 1:
            raise RuntimeError('a defect')
        second.set()

    node.create_subscription(Empty, 'topic', on_message, 10)
    publisher = node.create_publisher(Empty, 'topic', 10)
    for _ in range(2):
        publisher.publish(Empty())
    assert second.wait(SOON)
