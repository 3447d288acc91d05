"""An action of the robot: what its goals do, and what to tell of them."""

import abc
import dataclasses
from typing import Any, Generic, TypeVar

from nemotron_agent.sim.movement import Movement, MovementEnd
from nemotron_agent.sim.simulation import Simulation

NO_ERROR = 0


@dataclasses.dataclass(frozen=True)
class GoalProblem:
    """Why a goal cannot be carried out: an error code of the action's result, and words."""

    error_code: int = NO_ERROR
    text: str = ''


AnyMovement = TypeVar('AnyMovement', bound=Movement)


class RobotAction(abc.ABC, Generic[AnyMovement]):
    """One kind of goal.

    Attributes:
        name: relative name of the action.
        action_type: its ROS type.
        tells_errors: whether the result has `error_code` and `error_msg`; where it has not, a
            goal with a problem is rejected, as the result could not say why.
        error_codes: of the ends that have one.
    """

    name: str
    action_type: Any
    tells_errors = True
    error_codes: dict[MovementEnd, int]

    @abc.abstractmethod
    def problem(self, goal: Any, simulation: Simulation) -> GoalProblem | None:
        """Return why a goal cannot be carried out, or None."""

    @abc.abstractmethod
    def begin(self, goal: Any, simulation: Simulation) -> AnyMovement:
        """Set a goal without a problem going, in place of the one of before."""

    @abc.abstractmethod
    def feedback(self, movement: AnyMovement, simulation: Simulation) -> Any:
        """Return the feedback message of now."""

    @abc.abstractmethod
    def result(self, movement: AnyMovement, simulation: Simulation) -> Any:
        """Return the result message, without the error."""

    def ended(self, movement: AnyMovement, simulation: Simulation) -> Any:
        """Return the result message of a movement that has ended."""
        result = self.result(movement, simulation)
        if self.tells_errors and movement.end is not None:
            result.error_code = self.error_codes.get(movement.end, NO_ERROR)
            result.error_msg = self.error_text(movement)
        return result

    def refused(self, problem: GoalProblem) -> Any:
        """Return the result message of a goal that had a problem."""
        if not self.tells_errors:
            return self.action_type.Result()
        return self.action_type.Result(error_code=problem.error_code, error_msg=problem.text)

    def error_text(self, movement: AnyMovement) -> str:
        """Return what went wrong, in words; empty if nothing did."""
        texts = {
            MovementEnd.PREEMPTED: 'gave way to a newer goal',
            MovementEnd.TIMED_OUT: f'not done within {movement.elapsed_sec:.1f} s',
            MovementEnd.BLOCKED: 'a wall is in the way',
            MovementEnd.NO_POWER: 'the battery is empty',
            MovementEnd.FAULT: f'the parameter fault.{self.name} says abort',
            MovementEnd.RESET: 'the robot was reset',
            MovementEnd.CLOSED: 'the robot shuts down',
        }
        return texts.get(movement.end, '') if movement.end is not None else ''
