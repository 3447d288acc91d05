"""One goal of a ROS action."""

import functools
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from action_msgs.msg import GoalStatus
from action_msgs.srv import CancelGoal
from rclpy.action.client import ClientGoalHandle
from unique_identifier_msgs.msg import UUID

TERMINAL = (
    GoalStatus.STATUS_SUCCEEDED,
    GoalStatus.STATUS_CANCELED,
    GoalStatus.STATUS_ABORTED,
)
LOST_ANSWER_SEC = 1.0
RETRY_SEC = 1.0


class GoalOwner(Protocol):
    """What a goal needs of the client that sends it."""

    @property
    def closed(self) -> bool:
        """Whether the client is destroyed."""

    def handle_of(self, goal: 'Goal') -> ClientGoalHandle:
        """Make rclpy's handle of a goal whose acceptance was not seen."""

    def forget(self, goal: 'Goal') -> None:
        """Hand it no more status messages."""


class Goal:
    """One goal, from sending to its end.

    rclpy's callbacks only store what they bring and set `changed`; the thread that sent the goal
    waits on it and calls `advance`. rclpy may lose an answer that arrives while its request is
    being noted (https://github.com/ros2/rclpy/issues/1123), so `advance` also believes the status
    topic and asks again.

    Attributes:
        changed: set when anything below changed.
        accepted: the server took the goal.
        rejected: it did not.
        status: a terminal status of `GoalStatus` once `result` is there.
        result: the action's result message, or None.
        feedback: the latest feedback message, or None.
        cancel_refused: the server's latest answer is that it will not cancel.
        unknown_to_server: the server answered that it has no such goal.
        is_late: its run has ended, and the goal perhaps not.
    """

    def __init__(
        self, client: GoalOwner, on_feedback: Callable[[Any], None] | None = None
    ) -> None:
        self.id = UUID(uuid=list(uuid.uuid4().bytes))
        self.changed = threading.Event()
        self.accepted = False
        self.rejected = False
        self.status = GoalStatus.STATUS_UNKNOWN
        self.result: Any = None
        self.feedback: Any = None
        self.cancel_refused = False
        self.unknown_to_server = False
        self.is_late = False
        self._client = client
        self._on_feedback = on_feedback
        self._lock = threading.Lock()
        self._handle: ClientGoalHandle | None = None
        self._cancel_wanted = False
        self._seen_since: float | None = None
        self._ended_since: float | None = None
        self._result_future: Any = None
        self._result_asked_at = 0.0
        self._cancel_future: Any = None
        self._cancel_asked_at = 0.0

    @property
    def key(self) -> bytes:
        """The id as rclpy's dictionaries have it."""
        return bytes(self.id.uuid)

    def advance(self) -> None:
        """Ask for what is due: the result, a cancel, or an answer that seems lost."""
        now = time.monotonic()
        with self._lock:
            if self.result is not None or self.rejected or self._client.closed:
                return
            seen = self._seen_since
            if self._handle is None and seen is not None and now - seen > LOST_ANSWER_SEC:
                self._handle = self._client.handle_of(self)
                self.accepted = True
            ended = self._ended_since
            lost = ended is not None and now - max(ended, self._result_asked_at) > LOST_ANSWER_SEC
            ask_result = self._result_future is None or lost
            unanswered = self._cancel_future is None or not self._cancel_future.done()
            ask_cancel = (
                self._cancel_wanted and unanswered and now - self._cancel_asked_at > RETRY_SEC
            )
            if ask_cancel:
                self._cancel_asked_at = now
            handle = self._handle
        if ask_result and handle is not None:
            self._ask_result(handle, now)
        if ask_cancel:
            self._ask_cancel()

    def cancel(self) -> None:
        """Have the goal canceled: at once, or as soon as it is accepted. From any thread."""
        with self._lock:
            self._cancel_wanted = True
        self.advance()

    def ask_for_result(self) -> None:
        """Ask for the result once more, of whatever server is there now."""
        handle = self._handle or self._client.handle_of(self)
        self._ask_result(handle, time.monotonic())

    def release(self) -> None:
        """Stop following. A goal whose cancel was asked for is still canceled if accepted late."""
        self._client.forget(self)
        for future in (self._result_future, self._cancel_future):
            if future is not None and not future.done():
                future.cancel()

    def take_response(self, future: Any) -> None:
        """Store whether the goal was accepted (callback)."""
        handle = None if future.cancelled() else future.result()
        if handle is None:
            return
        with self._lock:
            self.accepted = handle.accepted
            self.rejected = not handle.accepted
            self._handle = handle if handle.accepted else None
            cancel_now = self._cancel_wanted and handle.accepted and not self._client.closed
            if cancel_now:
                self._cancel_asked_at = time.monotonic()
        if cancel_now:
            self._ask_cancel()
        self.changed.set()

    def take_feedback(self, message: Any) -> None:
        """Store the newest feedback, and hand it on (callback)."""
        self.feedback = message.feedback
        self._note_seen()
        if self._on_feedback is not None:
            self._on_feedback(message.feedback)

    def take_status(self, status: int) -> None:
        """Store a sign of life from the status topic (callback)."""
        self._note_seen()
        if status in TERMINAL:
            with self._lock:
                self._ended_since = self._ended_since or time.monotonic()

    def _note_seen(self) -> None:
        with self._lock:
            self._seen_since = self._seen_since or time.monotonic()
        self.changed.set()

    def _ask_result(self, handle: ClientGoalHandle, now: float) -> None:
        future = handle.get_result_async()
        with self._lock:
            self._result_future, self._result_asked_at = future, now
        future.add_done_callback(self._take_result)

    def _take_result(self, future: Any) -> None:
        response = None if future.cancelled() else future.result()
        if response is None:
            return
        with self._lock:
            if response.status in TERMINAL:
                self.status = response.status
                self.result = response.result
            else:
                self.unknown_to_server = True
        self.changed.set()

    def _ask_cancel(self) -> None:
        # A handle made from the id reaches the goal even if its acceptance was never seen.
        was_accepted = self.accepted
        handle = self._handle or self._client.handle_of(self)
        future = handle.cancel_goal_async()
        with self._lock:
            self._cancel_future = future
        future.add_done_callback(functools.partial(self._take_cancel_answer, was_accepted))

    def _take_cancel_answer(self, was_accepted: bool, future: Any) -> None:
        response = None if future.cancelled() else future.result()
        if response is None:
            return
        with self._lock:
            code = response.return_code
            # rclpy's servers refuse by an empty list, rclcpp's by the code.
            refused = code == CancelGoal.Response.ERROR_NONE and not response.goals_canceling
            refused = refused or code == CancelGoal.Response.ERROR_REJECTED
            if refused:
                # rclpy's servers answer so, too, while they are accepting the goal: ask again, the
                # first time at once.
                self._cancel_future = None
                if not self.cancel_refused:
                    self._cancel_asked_at = 0.0
            self.cancel_refused = refused
            if code == CancelGoal.Response.ERROR_UNKNOWN_GOAL_ID:
                # A goal that was not accepted when this was asked may be accepted since.
                self.unknown_to_server = self.unknown_to_server or was_accepted
                self._cancel_future = None
        self.changed.set()
