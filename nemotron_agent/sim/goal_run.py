"""One accepted goal, from the start of its movement to its result."""

import dataclasses
import os
from typing import Any

from nemotron_agent.sim.action import GoalProblem, RobotAction
from nemotron_agent.sim.faults import DEATH_STATUS, MID_GOAL_SEC, Fault
from nemotron_agent.sim.live_simulation import LiveSimulation
from nemotron_agent.sim.movement import Movement, MovementEnd

FEEDBACK_PERIOD_SEC = 0.2


@dataclasses.dataclass(frozen=True)
class GoalEnding:
    """How a goal ended: succeeded, canceled or aborted, why, and the result message."""

    status: str
    reason: str
    result: Any


class GoalRun:
    """Starts the goal's movement when made; `follow` waits for the end in an executor thread.

    Args:
        action: what the goal is of.
        live: the simulation it happens in.
        fault: what to do wrong.
        goal_handle: asked for cancels, given feedback; its state is the caller's to set.
    """

    def __init__(
        self, action: RobotAction[Any], live: LiveSimulation, fault: Fault, goal_handle: Any
    ) -> None:
        self._action = action
        self._live = live
        self._fault = fault
        self._goal_handle = goal_handle
        self._told_to_stop = False
        self._movement: Movement | None = None
        with live.use() as simulation:
            self._problem = action.problem(goal_handle.request, simulation)
            if self._problem is None:
                self._movement = action.begin(goal_handle.request, simulation)
                self._movement.hung = fault is Fault.HANG
                if live.closed:
                    simulation.finish(MovementEnd.CLOSED)

    def follow(self) -> GoalEnding:
        """Wait for the end, pass a cancel on to the movement, and publish feedback."""
        movement = self._movement
        if movement is None:
            problem = self._problem or GoalProblem()
            return GoalEnding('aborted', problem.text, self._action.refused(problem))
        while movement.end is None:
            if not movement.hung:
                self._publish_feedback(movement)
            self._live.wait_for(lambda: self._has_news(movement), FEEDBACK_PERIOD_SEC)
            self._obey(movement)
        if self._fails and movement.end is MovementEnd.SUCCEEDED:
            self._fail(movement)
            movement.end = MovementEnd.FAULT
        with self._live.use() as simulation:
            result = self._action.ended(movement, simulation)
        status = {
            MovementEnd.SUCCEEDED: 'succeeded',
            MovementEnd.CANCELED: 'canceled',
        }.get(movement.end, 'aborted')
        return GoalEnding(status, self._action.error_text(movement), result)

    @property
    def _fails(self) -> bool:
        return self._fault in (Fault.ABORT, Fault.DIE)

    def _has_news(self, movement: Movement) -> bool:
        return movement.end is not None or self._must_cancel() or self._must_fail(movement)

    def _must_cancel(self) -> bool:
        return (
            not self._told_to_stop
            and self._fault is not Fault.IGNORE_CANCEL
            and self._goal_handle.is_cancel_requested
        )

    def _must_fail(self, movement: Movement) -> bool:
        return not self._told_to_stop and self._fails and movement.elapsed_sec >= MID_GOAL_SEC

    def _obey(self, movement: Movement) -> None:
        if self._must_cancel():
            self._told_to_stop = True
            with self._live.use():
                movement.stop(MovementEnd.CANCELED)
        elif self._must_fail(movement):
            self._told_to_stop = True
            self._fail(movement)

    def _fail(self, movement: Movement) -> None:
        if self._fault is Fault.DIE:
            os._exit(DEATH_STATUS)
        with self._live.use():
            movement.stop(MovementEnd.FAULT)

    def _publish_feedback(self, movement: Movement) -> None:
        with self._live.use() as simulation:
            feedback = self._action.feedback(movement, simulation)
        self._goal_handle.publish_feedback(feedback)
