"""The action `spin`."""

import math
from typing import Any

from nemotron_agent_interfaces.action import Spin

from nemotron_agent.sim.action import GoalProblem, RobotAction
from nemotron_agent.sim.motion import Spin as SpinMotion
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.ros_messages import duration_message, seconds_of
from nemotron_agent.sim.simulation import Simulation

INVALID = Spin.Result.INVALID


class SpinAction(RobotAction[SpinMotion]):
    """Turns on the spot."""

    name = 'spin'
    action_type = Spin
    error_codes = {
        MovementEnd.TIMED_OUT: Spin.Result.TIMEOUT,
        MovementEnd.BLOCKED: Spin.Result.BLOCKED,
        MovementEnd.FAULT: Spin.Result.BLOCKED,
        MovementEnd.NO_POWER: Spin.Result.NO_POWER,
    }

    def problem(self, goal: Any, simulation: Simulation) -> GoalProblem | None:
        """See `RobotAction.problem`."""
        if not math.isfinite(goal.target_yaw):
            return GoalProblem(INVALID, 'target_yaw is not finite')
        if seconds_of(goal.time_allowance) < 0.0:
            return GoalProblem(INVALID, 'time_allowance is negative: 0 is no limit')
        return None

    def begin(self, goal: Any, simulation: Simulation) -> SpinMotion:
        """See `RobotAction.begin`."""
        motion = SpinMotion(goal.target_yaw, seconds_of(goal.time_allowance))
        simulation.base.start(motion)
        return motion

    def feedback(self, movement: SpinMotion, simulation: Simulation) -> Any:
        """See `RobotAction.feedback`."""
        return Spin.Feedback(angular_distance_traveled=movement.angle)

    def result(self, movement: SpinMotion, simulation: Simulation) -> Any:
        """See `RobotAction.result`."""
        return Spin.Result(total_elapsed_time=duration_message(movement.elapsed_sec))
