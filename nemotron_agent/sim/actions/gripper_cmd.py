"""The action `gripper_cmd`."""

from typing import Any

from nemotron_agent_interfaces.action import GripperCommand

from nemotron_agent.sim.action import NO_ERROR, GoalProblem, RobotAction
from nemotron_agent.sim.gripper import GripperMove
from nemotron_agent.sim.simulation import Simulation


class GripperCmdAction(RobotAction[GripperMove]):
    """Opens and closes the gripper; what is between the fingers is held or let go."""

    name = 'gripper_cmd'
    action_type = GripperCommand
    tells_errors = False
    error_codes = {}

    def problem(self, goal: Any, simulation: Simulation) -> GoalProblem | None:
        """See `RobotAction.problem`."""
        text = simulation.hand.gripper.problem(goal.command.position, goal.command.max_effort)
        return GoalProblem(NO_ERROR, text) if text else None

    def begin(self, goal: Any, simulation: Simulation) -> GripperMove:
        """See `RobotAction.begin`."""
        move = GripperMove(goal.command.position, goal.command.max_effort)
        simulation.hand.start(move)
        return move

    def feedback(self, movement: GripperMove, simulation: Simulation) -> Any:
        """See `RobotAction.feedback`."""
        return GripperCommand.Feedback(**self._state(simulation))

    def result(self, movement: GripperMove, simulation: Simulation) -> Any:
        """See `RobotAction.result`."""
        return GripperCommand.Result(**self._state(simulation))

    def _state(self, simulation: Simulation) -> dict[str, float | bool]:
        gripper = simulation.hand.gripper
        return {
            'position': gripper.opening,
            'effort': gripper.effort,
            'stalled': gripper.stalled,
            'reached_goal': gripper.reached,
        }
