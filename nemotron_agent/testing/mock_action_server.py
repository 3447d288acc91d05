"""An action server that does what a test asks of it, in the test's process or in its own.

python -m nemotron_agent.testing.mock_action_server TYPE NAME BEHAVIOR
"""

import argparse
import enum
import functools
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import rclpy
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node

from nemotron_agent.ros.interface_types import load_interface

HOLD_LIMIT_SEC = 60.0
POLL_SEC = 0.02


class Behavior(enum.Enum):
    """What the server does with a goal.

    SUCCEED, ABORT: ends it at once, with the result given.
    REJECT: does not take it.
    HANG: runs until it is canceled or released; then it succeeds.
    IGNORE_CANCEL: like HANG, but a cancel is accepted and nothing happens.
    REFUSE_CANCEL: like HANG, but a cancel is refused.
    NO_CANCEL_ANSWER: like HANG, but a cancel is not answered until released.
    ACCEPT_LATE: answers the goal only once released, then is like HANG.
    REJECT_LATE: answers the goal only once released, and does not take it.
    """

    SUCCEED = 'succeed'
    ABORT = 'abort'
    REJECT = 'reject'
    HANG = 'hang'
    IGNORE_CANCEL = 'ignore_cancel'
    REFUSE_CANCEL = 'refuse_cancel'
    NO_CANCEL_ANSWER = 'no_cancel_answer'
    ACCEPT_LATE = 'accept_late'
    REJECT_LATE = 'reject_late'


class MockActionServer:
    """A real action server with a set behavior.

    Its callbacks wait, so the node's executor needs a thread for each goal and two more.

    Attributes:
        behavior: of the goals to come; may be changed.
        goals: the goal messages that arrived, in order.
        executing: set while at least one goal has begun.
        endings: how goals ended: `succeeded`, `aborted`, `canceled`, in order.
        cancel_requests: number of cancels asked.

    Args:
        node: serves.
        action_type: class of the action.
        name: of the action.
        behavior: of the goals to come.
        result: of goals that end.
        feedback: published when a goal begins.
        on_change: told `executing`, `cancel asked` and how goals ended.
    """

    def __init__(
        self,
        node: Node,
        action_type: Any,
        name: str,
        behavior: Behavior = Behavior.SUCCEED,
        *,
        result: Any = None,
        feedback: Sequence[Any] = (),
        on_change: Callable[[str], None] = lambda change: None,
    ) -> None:
        self.behavior = behavior
        self.goals: list[Any] = []
        self.executing = threading.Event()
        self.asked = threading.Event()
        self.endings: list[str] = []
        self.cancel_requests = 0
        self._released = threading.Event()
        self._result = action_type.Result() if result is None else result
        self._feedback = feedback
        self._on_change = on_change
        self._server: Any = ActionServer(
            node,
            action_type,
            name,
            execute_callback=self._execute,
            goal_callback=self._answer_goal,
            cancel_callback=self._answer_cancel,
            callback_group=ReentrantCallbackGroup(),
        )

    def release(self) -> None:
        """Let held goals go on."""
        self._released.set()

    def hold(self) -> None:
        """Hold goals again after `release`."""
        self._released.clear()

    def close(self) -> None:
        """Vanish; running goals are left without an answer."""
        server, self._server = self._server, None
        if server is not None:
            server.destroy()
        self.release()

    def _answer_goal(self, goal: Any) -> GoalResponse:
        self.goals.append(goal)
        self.asked.set()
        if self.behavior is Behavior.REJECT:
            return GoalResponse.REJECT
        if self.behavior in (Behavior.ACCEPT_LATE, Behavior.REJECT_LATE):
            self._released.wait(HOLD_LIMIT_SEC)
        if self.behavior is Behavior.REJECT_LATE:
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _answer_cancel(self, handle: Any) -> CancelResponse:
        self.cancel_requests += 1
        self._on_change('cancel asked')
        if self.behavior is Behavior.REFUSE_CANCEL:
            return CancelResponse.REJECT
        if self.behavior is Behavior.NO_CANCEL_ANSWER:
            self._released.wait(HOLD_LIMIT_SEC)
        return CancelResponse.ACCEPT

    def _execute(self, handle: Any) -> Any:
        behavior = self.behavior
        self.executing.set()
        self._on_change('executing')
        for message in self._feedback:
            handle.publish_feedback(message)
        ending = 'succeeded'
        if behavior is Behavior.ABORT:
            ending = 'aborted'
        elif behavior is not Behavior.SUCCEED:
            ending = self._hold(handle, behavior)
        if self._server is not None:
            end = {'succeeded': handle.succeed, 'aborted': handle.abort}
            end.get(ending, handle.canceled)()
            self.endings.append(ending)
            self._on_change(ending)
        return self._result

    def _hold(self, handle: Any, behavior: Behavior) -> str:
        """Wait for what ends a goal of this behavior, and say how it ends."""
        end = time.monotonic() + HOLD_LIMIT_SEC
        while time.monotonic() < end:
            if handle.is_cancel_requested and behavior is not Behavior.IGNORE_CANCEL:
                return 'canceled'
            if behavior is Behavior.ACCEPT_LATE:
                time.sleep(POLL_SEC)
            elif self._released.wait(POLL_SEC):
                return 'succeeded'
        return 'aborted'


def main(args: Sequence[str] | None = None) -> int:
    """Serve until killed; print `ready` once goals are taken, then what becomes of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('type', help='such as nemotron_agent_interfaces/action/Spin')
    parser.add_argument('name', help='name of the action')
    parser.add_argument('behavior', choices=[behavior.value for behavior in Behavior])
    options = parser.parse_args(args)
    rclpy.init(args=[])
    node = Node('mock_action_server')
    MockActionServer(
        node,
        load_interface(options.type),
        options.name,
        Behavior(options.behavior),
        on_change=functools.partial(print, flush=True),
    )
    executor = MultiThreadedExecutor(num_threads=4)
    executor.add_node(node)
    print('ready', flush=True)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        return 0
    return 0


if __name__ == '__main__':
    sys.exit(main())
