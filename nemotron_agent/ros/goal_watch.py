"""Waiting for the end of a goal, whatever its server does."""

import enum
import time

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.tool import CallContext, RequestState
from nemotron_agent.ros.goal import Goal
from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.ros.goal_progress import GoalProgress
from nemotron_agent.ros.late_goal import LateGoal
from nemotron_agent.ros.server_presence import ServerPresence
from nemotron_agent.ros.waiting import POLL_SEC, WaitLimits


class GoalEnd(enum.Enum):
    """How waiting for a goal ended; after the last three the robot may go on.

    ENDED: `goal.status` and `goal.result` say how.
    REJECTED: the server did not take it.
    NOT_ANSWERED: the server neither took nor rejected it; it was canceled by its id.
    NOT_STOPPED: it was to end early, and its server did not confirm that.
    SERVER_LOST: the server went away, or came back without the goal.
    """

    ENDED = 'ended'
    REJECTED = 'rejected'
    NOT_ANSWERED = 'not answered'
    NOT_STOPPED = 'not stopped'
    SERVER_LOST = 'server lost'


class GoalWatch:
    """Waits in the caller's thread; every wait ends.

    Args:
        goal: just sent.
        client: it was sent with.
        context: of the run.
        deadline: when to cancel it, by `time.monotonic`.
        limits: how long to wait for what.

    Attributes:
        timed_out: the deadline passed.
        is_ending: a cancel was sent.
    """

    def __init__(
        self,
        goal: Goal,
        client: GoalClient,
        context: CallContext,
        deadline: float,
        limits: WaitLimits,
    ) -> None:
        self.cancel: CancelToken = context.cancel
        self.timed_out = False
        self.is_ending = False
        self._goal = goal
        self._client = client
        self._context = context
        self._deadline = deadline
        self._limits = limits
        self._sent_at = time.monotonic()
        self._ending_at = 0.0
        self._presence = ServerPresence(client)

    def late_goal(self) -> LateGoal:
        """What finds the end out after the wait is over."""
        return LateGoal(self._goal, self._client, self._presence.ids)

    def wait(self, progress: GoalProgress) -> GoalEnd:
        """Wait for the end; states, feedback and cancel pass through meanwhile."""
        undo = self.cancel.on_cancel(self._goal.changed.set)
        try:
            announced = False
            while True:
                self._goal.changed.wait(POLL_SEC)
                self._goal.changed.clear()
                self._goal.advance()
                if self._goal.accepted and not announced:
                    announced = True
                    self._context.on_state(RequestState.EXECUTING)
                progress.report(self._goal.feedback)
                end = self._end(time.monotonic())
                if end is not None:
                    return end
        finally:
            undo()

    def _end(self, now: float) -> GoalEnd | None:
        goal = self._goal
        if goal.result is not None:
            return GoalEnd.ENDED
        if goal.rejected:
            return GoalEnd.REJECTED
        if goal.unknown_to_server or self._presence.missing_sec(now) > self._limits.absence_sec:
            goal.cancel()
            return GoalEnd.SERVER_LOST
        if self.is_ending:
            if now - self._ending_at > self._limits.cancel_sec:
                return GoalEnd.NOT_STOPPED
        elif self.cancel.canceled or now > self._deadline or self._client.closing:
            self.timed_out = not self.cancel.canceled and now > self._deadline
            self.is_ending = True
            self._ending_at = now
            self._context.on_state(RequestState.CANCELING)
            goal.cancel()
        elif not goal.accepted and now - self._sent_at > self._limits.answer_sec:
            goal.cancel()
            return GoalEnd.NOT_ANSWERED
        return None
