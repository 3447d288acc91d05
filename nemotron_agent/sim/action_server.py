"""Serves an action of the robot."""

from collections.abc import Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup

from nemotron_agent.sim.action import RobotAction
from nemotron_agent.sim.faults import Fault, Faults
from nemotron_agent.sim.goal_record import GoalRecord
from nemotron_agent.sim.goal_run import GoalRun
from nemotron_agent.sim.live_simulation import LiveSimulation


class RobotActionServer:
    """One action of the robot.

    A new goal takes the place of the one under way, which ends as aborted, so execute callbacks
    never pile up. They wait for the simulation, a feedback period at a time.
    """

    def __init__(
        self,
        node: Any,
        action: RobotAction[Any],
        live: LiveSimulation,
        faults: Faults,
        record: GoalRecord,
        on_end: Callable[[], None],
    ) -> None:
        self._action = action
        self._live = live
        self._faults = faults
        self._record = record
        self._on_end = on_end
        self._logger = node.get_logger()
        self._runs: dict[bytes, tuple[int, GoalRun]] = {}
        self._server = ActionServer(
            node,
            action.action_type,
            action.name,
            execute_callback=self._execute,
            goal_callback=self._on_goal,
            handle_accepted_callback=self._on_accepted,
            cancel_callback=self._on_cancel,
            callback_group=ReentrantCallbackGroup(),
        )

    def destroy(self) -> None:
        """Take the action down."""
        self._server.destroy()

    def _on_goal(self, goal: Any) -> GoalResponse:
        if self._faults.of(self._action.name) is Fault.REJECT:
            self._logger.warning(f'{self._action.name}: rejected, as its fault parameter says')
            return GoalResponse.REJECT
        if not self._action.tells_errors:
            with self._live.use() as simulation:
                problem = self._action.problem(goal, simulation)
            if problem is not None:
                self._logger.warning(f'{self._action.name}: rejected: {problem.text}')
                return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    def _on_accepted(self, goal_handle: Any) -> None:
        """Start the movement here, where goals come in order; the wait is for another thread."""
        number = self._record.begin(self._action.name)
        self._logger.info(f'{self._action.name}: goal {number} begins')
        fault = self._faults.of(self._action.name)
        run = GoalRun(self._action, self._live, fault, goal_handle)
        self._runs[bytes(goal_handle.goal_id.uuid)] = (number, run)
        goal_handle.execute()

    def _on_cancel(self, goal_handle: Any) -> CancelResponse:
        """Accept; Humble's server breaks on a cancel that comes after the goal's end."""
        return CancelResponse.ACCEPT if goal_handle.is_active else CancelResponse.REJECT

    def _execute(self, goal_handle: Any) -> Any:
        number, run = self._runs.pop(bytes(goal_handle.goal_id.uuid))
        ending = run.follow()
        text = f'{self._action.name}: goal {number} {ending.status}'
        self._logger.info(f'{text}: {ending.reason}' if ending.reason else text)
        self._record.end(number, ending.status)
        # The robot's state tells of the end before the goal does.
        self._on_end()
        if ending.status == 'succeeded':
            goal_handle.succeed()
        elif ending.status == 'canceled':
            goal_handle.canceled()
        else:
            goal_handle.abort()
        return ending.result
