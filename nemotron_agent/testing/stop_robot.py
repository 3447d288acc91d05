"""A robot whose goals last until they are canceled, and that says when it was told what.

python -m nemotron_agent.testing.stop_robot

It serves the actions navigate_to_pose and gripper_cmd, listens to say and cmd_vel, and writes a
line of JSON for each thing it is told: `what`, `name`, `at` (time.monotonic, one clock for all
processes of a machine) and the `goal`'s id. On the topic robot_orders it takes `flood` (detections
at 1 kHz), `calm`, `behavior B` for navigate_to_pose, `release` and `hold` for the goals.
"""

import json
import sys
import threading
import time
from typing import Any

import rclpy
from geometry_msgs.msg import Twist
from nemotron_agent_interfaces.action import GripperCommand, NavigateToPose
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from std_msgs.msg import String

from nemotron_agent.testing.mock_action_server import Behavior, MockActionServer

ORDERS = 'robot_orders'
PERIOD_SEC = 0.001
THREADS = 24

_writing = threading.Lock()


def _tell(what: str, name: str, goal: str = '') -> None:
    line = json.dumps({'what': what, 'name': name, 'at': time.monotonic(), 'goal': goal})
    with _writing:
        print(line, flush=True)


class _TellingServer(MockActionServer):
    """Tells of goals as they come, begin and are to be canceled."""

    def __init__(self, node: Node, action_type: Any, name: str) -> None:
        self._name = name
        super().__init__(node, action_type, name, Behavior.HANG)

    def _answer_goal(self, goal: Any) -> Any:
        _tell('goal', self._name)
        return super()._answer_goal(goal)

    def _answer_cancel(self, handle: Any) -> Any:
        _tell('cancel', self._name, bytes(handle.goal_id.uuid).hex())
        return super()._answer_cancel(handle)

    def _execute(self, handle: Any) -> Any:
        _tell('began', self._name, bytes(handle.goal_id.uuid).hex())
        return super()._execute(handle)


class StopRobot:
    """The robot on a node."""

    def __init__(self, node: Node) -> None:
        self._drive = _TellingServer(node, NavigateToPose, 'navigate_to_pose')
        self._hand = _TellingServer(node, GripperCommand, 'gripper_cmd')
        self._detections = node.create_publisher(String, 'detections', 10)
        self._floods = threading.Event()
        group = ReentrantCallbackGroup()
        for kind, name, callback in (
            (String, ORDERS, self._on_order),
            (String, 'say', lambda message: _tell('said', 'say')),
            (Twist, 'cmd_vel', self._on_velocity),
        ):
            node.create_subscription(kind, name, callback, 100, callback_group=group)
        threading.Thread(target=self._flood, daemon=True).start()

    def _on_order(self, message: String) -> None:
        order, _, value = message.data.partition(' ')
        if order == 'flood':
            self._floods.set()
        elif order == 'calm':
            self._floods.clear()
        elif order == 'behavior':
            self._drive.behavior = Behavior(value)
        else:
            for server in (self._drive, self._hand):
                server.release() if order == 'release' else server.hold()
        _tell('order', message.data)

    def _on_velocity(self, message: Twist) -> None:
        _tell('zero' if message == Twist() else 'velocity', 'cmd_vel')

    def _flood(self) -> None:
        due = time.monotonic()
        while True:
            self._floods.wait()
            self._detections.publish(String(data='a cup'))
            due = max(due + PERIOD_SEC, time.monotonic() - 0.1)
            time.sleep(max(0.0, due - time.monotonic()))


def main() -> int:
    """Serve until killed."""
    rclpy.init(args=[])
    node = Node('stop_robot')
    StopRobot(node)
    executor = MultiThreadedExecutor(num_threads=THREADS)
    executor.add_node(node)
    _tell('ready', 'stop_robot')
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    return 0


if __name__ == '__main__':
    sys.exit(main())
