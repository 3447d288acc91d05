"""The action `navigate_to_pose`."""

import math
from typing import Any

from geometry_msgs.msg import PoseStamped
from nemotron_agent_interfaces.action import NavigateToPose

from nemotron_agent.sim.action import GoalProblem, RobotAction
from nemotron_agent.sim.kinematics import Pose
from nemotron_agent.sim.motion import Navigate
from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.ros_messages import duration_message, pose_message, yaw_of
from nemotron_agent.sim.simulation import Simulation

UNREACHABLE = NavigateToPose.Result.UNREACHABLE


class NavigateToPoseAction(RobotAction[Navigate]):
    """Drives to a pose in the world's frame."""

    name = 'navigate_to_pose'
    action_type = NavigateToPose
    error_codes = {
        MovementEnd.BLOCKED: NavigateToPose.Result.BLOCKED,
        MovementEnd.FAULT: NavigateToPose.Result.BLOCKED,
        MovementEnd.NO_POWER: NavigateToPose.Result.NO_POWER,
    }

    def problem(self, goal: Any, simulation: Simulation) -> GoalProblem | None:
        """See `RobotAction.problem`."""
        world = simulation.world
        frame = goal.pose.header.frame_id
        if frame not in ('', world.frame_id):
            return GoalProblem(
                UNREACHABLE, f'the frame "{frame}" is not known: give the pose in {world.frame_id}'
            )
        if yaw_of(goal.pose.pose.orientation) is None:
            return GoalProblem(UNREACHABLE, 'the orientation is not a unit quaternion')
        x, y = goal.pose.pose.position.x, goal.pose.pose.position.y
        if not (math.isfinite(x) and math.isfinite(y)):
            return GoalProblem(UNREACHABLE, 'the position is not finite')
        if not world.room.holds(x, y, world.body.radius):
            return GoalProblem(
                UNREACHABLE, f'({x:.2f}, {y:.2f}) is outside the room or too near to a wall'
            )
        return None

    def begin(self, goal: Any, simulation: Simulation) -> Navigate:
        """See `RobotAction.begin`."""
        position = goal.pose.pose.position
        yaw = yaw_of(goal.pose.pose.orientation)
        motion = Navigate(Pose(position.x, position.y, yaw or 0.0))
        simulation.base.start(motion)
        return motion

    def feedback(self, movement: Navigate, simulation: Simulation) -> Any:
        """See `RobotAction.feedback`."""
        pose, limits = simulation.base.pose, simulation.world.drive_limits
        current = PoseStamped()
        current.header.frame_id = simulation.world.frame_id
        current.pose = pose_message(pose)
        return NavigateToPose.Feedback(
            current_pose=current,
            navigation_time=duration_message(movement.elapsed_sec),
            estimated_time_remaining=duration_message(movement.seconds_remaining(pose, limits)),
            distance_remaining=movement.distance_remaining(pose),
        )

    def result(self, movement: Navigate, simulation: Simulation) -> Any:
        """See `RobotAction.result`."""
        return NavigateToPose.Result()
