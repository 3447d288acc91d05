"""A skill that is a ROS action."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from action_msgs.msg import GoalStatus

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.tool import CallContext, Outcome, RequestState, ToolResult
from nemotron_agent.ros.goal import Goal
from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.ros.goal_progress import GoalProgress
from nemotron_agent.ros.goal_watch import GoalEnd, GoalWatch
from nemotron_agent.ros.interface_types import constant_name
from nemotron_agent.ros.late_ends import LateEnds
from nemotron_agent.ros.ros_skill import BoundSkill, RosSkill
from nemotron_agent.ros.waiting import WaitLimits, early_end
from nemotron_agent.skills.result_text import error_said, failure_in


class ActionSkill(RosSkill):
    """Runs one action goal for each call, and waits for its end in the caller's thread.

    The caller must not be a thread of the executor that serves the client, unless others are free.
    Several runs at once are independent goals.

    Args:
        bound: the skill.
        action_type: class of the action.
        client: shared by the skills of the interface.
        limits: how long to wait for what.
        late_ends: follows goals whose end is not known in time.
    """

    def __init__(
        self,
        bound: BoundSkill,
        action_type: Any,
        client: GoalClient,
        limits: WaitLimits = WaitLimits(),  # noqa: B008 (frozen)
        late_ends: LateEnds | None = None,
    ) -> None:
        super().__init__(bound, client.name, limits)
        self._action_type = action_type
        self._client = client
        self._late_ends = late_ends or LateEnds()

    def close(self) -> None:
        """Cancel running goals and destroy the client; may be called twice."""
        self._client.close(self._limits.cancel_sec)
        self._late_ends.close()

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Send a goal and wait for its end; see `Tool`."""
        client = self._client
        ready = self.prepare(
            self._action_type.Goal,
            arguments,
            context,
            lambda: client.server_is_ready and not client.closing,
            f'nothing serves the action {self.interface_path}',
            lambda: client.closing,
        )
        if isinstance(ready, ToolResult):
            return ready
        context.on_state(RequestState.SENT)
        sent = self.begin(context, lambda: self._send(ready.message, context.cancel))
        if sent is None:
            return self.not_started(context)
        goal, undo = sent
        context.on_goal_id(goal.key.hex())
        watch = GoalWatch(goal, client, context, ready.deadline, self._limits)
        is_followed = False
        try:
            end = watch.wait(GoalProgress(ready.message, context.on_feedback))
            if end is GoalEnd.REJECTED:
                text = f'The robot did not accept {self.skill.id}.'
                return ToolResult(Outcome.REJECTED, text)
            if end is GoalEnd.ENDED:
                return self._result_of_ended(goal, watch, arguments, ready.timeout_sec)
            is_followed = True
            return ToolResult(
                Outcome.UNKNOWN,
                self._unknown_end(end, goal, watch, ready.timeout_sec),
                tell_end=functools.partial(self._late_ends.follow, watch.late_goal()),
            )
        except Exception:
            # Nobody watches it any more, and a stop would not reach it.
            goal.cancel()
            raise
        finally:
            undo()
            if not is_followed:
                goal.release()

    def _send(self, message: Any, cancel: CancelToken) -> tuple[Goal, Callable[[], None]]:
        """Send a goal that a cancel cancels in its own thread; return what undoes that."""
        goal = self._client.send(message)
        return goal, cancel.on_cancel(goal.cancel)

    def _unknown_end(self, end: GoalEnd, goal: Goal, watch: GoalWatch, timeout_sec: float) -> str:
        """Say what is known of a goal that may go on."""
        name = self.skill.id
        if end is GoalEnd.SERVER_LOST:
            return (
                f'The server of {name} ({self.interface_path}) went away before the end: the '
                'robot may still be moving.'
            )
        if end is GoalEnd.NOT_ANSWERED:
            return (
                f'The server of {name} ({self.interface_path}) did not answer in '
                f'{self._limits.answer_sec:g} s; the goal was canceled in case it comes late, and '
                'the robot may still begin to move.'
            )
        _, word = self._early_end(watch, timeout_sec)
        if goal.cancel_refused:
            return f'{name} {word}, and the robot refused to stop it: it goes on.'
        return (
            f'{name} {word}, and the robot did not confirm the stop in '
            f'{self._limits.cancel_sec:g} s: it may still be moving.'
        )

    def _result_of_ended(
        self, goal: Goal, watch: GoalWatch, arguments: Mapping[str, Any], timeout_sec: float
    ) -> ToolResult:
        result = self.data_of(goal.result)
        if goal.status == GoalStatus.STATUS_SUCCEEDED:
            failure = failure_in(self.skill.result, result)
            if failure is None:
                return self.succeeded(result, arguments)
            reason = self._with_constant(failure, goal.result)
            return self.failed(Outcome.ABORTED, reason, result, arguments)
        if goal.status == GoalStatus.STATUS_CANCELED:
            if not watch.is_ending:
                text = f'{self.skill.id} was canceled by someone else.'
                return ToolResult(Outcome.CANCELED, text, result)
            outcome, word = self._early_end(watch, timeout_sec)
            return ToolResult(outcome, f'{self.skill.id} {word} and stopped.', result)
        reason = self._with_constant(error_said(result) or 'the robot gave up', goal.result)
        return self.failed(Outcome.ABORTED, reason, result, arguments)

    def _early_end(self, watch: GoalWatch, timeout_sec: float) -> tuple[Outcome, str]:
        if watch.timed_out:
            return Outcome.TIMED_OUT, f'took longer than {timeout_sec:g} s'
        return early_end(watch.cancel)

    def _with_constant(self, reason: str, result: Any) -> str:
        """Add the name the action's definition gives to its error code."""
        code = getattr(result, 'error_code', 0)
        name = constant_name(type(result), code) if code else ''
        return f'{reason} ({name})' if name else reason
