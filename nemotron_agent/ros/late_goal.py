"""A goal whose end was not known when its run ended."""

import time

from action_msgs.msg import GoalStatus

from nemotron_agent.core.tool import RequestState
from nemotron_agent.ros.goal import RETRY_SEC, Goal
from nemotron_agent.ros.goal_client import GoalClient

ENDS = {
    GoalStatus.STATUS_SUCCEEDED: (RequestState.SUCCEEDED, 'it succeeded'),
    GoalStatus.STATUS_CANCELED: (RequestState.CANCELED, 'it was canceled and stopped'),
    GoalStatus.STATUS_ABORTED: (RequestState.ABORTED, 'the robot gave up'),
}


class LateGoal:
    """Looks whether the goal has ended; it goes on asking for its cancel meanwhile.

    Called from one thread. A server that went away ends nothing: the robot may move on. One that
    came back is asked; if it has no such goal and runs no other, the goal has ended with the
    server that ran it.

    Args:
        goal: a cancel of it was asked for.
        client: it was sent with.
        server_ids: of the servers it may have been sent to.
    """

    def __init__(self, goal: Goal, client: GoalClient, server_ids: frozenset[bytes]) -> None:
        self._goal = goal
        self._client = client
        self._first_ids = server_ids
        goal.is_late = True
        self._was_gone = False
        self._asked_at = 0.0

    def __call__(self) -> tuple[RequestState, str] | None:
        """Look once; give the end if it is known."""
        goal = self._goal
        if not self._client.server_is_ready:
            self._was_gone = True
            self._client.forget_statuses()
            return None
        goal.advance()
        end = self._end()
        if end is not None:
            goal.release()
            return end
        self._ask_who_came_back()
        return None

    def _end(self) -> tuple[RequestState, str] | None:
        goal = self._goal
        if goal.result is not None:
            state, text = ENDS[goal.status]
            return state, f'Known at last: {text}.'
        if goal.rejected:
            return RequestState.REJECTED, 'Known at last: it was not accepted.'
        if goal.unknown_to_server and not self._client.runs_other_than(goal):
            return RequestState.ABORTED, 'Known at last: its server has no such goal any more.'
        return None

    def _ask_who_came_back(self) -> None:
        """Ask once the server that was gone, and now and then one that took its place."""
        ids = self._client.server_ids
        is_another = bool(self._first_ids and ids and not ids & self._first_ids)
        # The same server may accept later what it does not know now.
        came_back = self._was_gone and self._goal.accepted
        now = time.monotonic()
        if came_back or (is_another and now - self._asked_at > RETRY_SEC):
            self._was_gone, self._asked_at = False, now
            self._goal.ask_for_result()
