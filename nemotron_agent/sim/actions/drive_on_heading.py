"""The action `drive_on_heading`."""

import math
from typing import Any

from nemotron_agent_interfaces.action import DriveOnHeading

from nemotron_agent.sim.action import GoalProblem, RobotAction
from nemotron_agent.sim.motion import DriveOnHeading as DriveOnHeadingMotion
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.ros_messages import duration_message, seconds_of
from nemotron_agent.sim.simulation import Simulation

INVALID = DriveOnHeading.Result.INVALID


class DriveOnHeadingAction(RobotAction[DriveOnHeadingMotion]):
    """Drives straight on or back."""

    name = 'drive_on_heading'
    action_type = DriveOnHeading
    error_codes = {
        MovementEnd.TIMED_OUT: DriveOnHeading.Result.TIMEOUT,
        MovementEnd.BLOCKED: DriveOnHeading.Result.BLOCKED,
        MovementEnd.FAULT: DriveOnHeading.Result.BLOCKED,
        MovementEnd.NO_POWER: DriveOnHeading.Result.NO_POWER,
    }

    def problem(self, goal: Any, simulation: Simulation) -> GoalProblem | None:
        """See `RobotAction.problem`."""
        if not math.isfinite(goal.target.x):
            return GoalProblem(INVALID, 'target.x is not finite')
        if goal.target.y != 0.0 or goal.target.z != 0.0:
            return GoalProblem(INVALID, 'target.y and target.z must be 0: turn first')
        if not (math.isfinite(goal.speed) and goal.speed >= 0.0):
            return GoalProblem(
                INVALID,
                f"speed {goal.speed} m/s is out of range: 0 (the robot's own) or more; "
                'a negative target.x drives backwards',
            )
        if seconds_of(goal.time_allowance) < 0.0:
            return GoalProblem(INVALID, 'time_allowance is negative: 0 is no limit')
        return None

    def begin(self, goal: Any, simulation: Simulation) -> DriveOnHeadingMotion:
        """See `RobotAction.begin`."""
        motion = DriveOnHeadingMotion(goal.target.x, goal.speed, seconds_of(goal.time_allowance))
        simulation.base.start(motion)
        return motion

    def feedback(self, movement: DriveOnHeadingMotion, simulation: Simulation) -> Any:
        """See `RobotAction.feedback`."""
        return DriveOnHeading.Feedback(distance_traveled=movement.distance)

    def result(self, movement: DriveOnHeadingMotion, simulation: Simulation) -> Any:
        """See `RobotAction.result`."""
        return DriveOnHeading.Result(total_elapsed_time=duration_message(movement.elapsed_sec))

    def error_text(self, movement: DriveOnHeadingMotion) -> str:
        """See `RobotAction.error_text`."""
        if movement.end is MovementEnd.BLOCKED:
            return f'a wall is in the way after {abs(movement.distance):.2f} m'
        return super().error_text(movement)
