"""Between the simulation's values and ROS messages."""

import math
from typing import Any

from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Pose as PoseMessage
from geometry_msgs.msg import Quaternion

from nemotron_agent.sim.kinematics import Pose


def pose_message(pose: Pose) -> PoseMessage:
    """Return a pose on the floor as a message."""
    message = PoseMessage()
    message.position.x = pose.x
    message.position.y = pose.y
    message.orientation = Quaternion(z=math.sin(pose.yaw / 2), w=math.cos(pose.yaw / 2))
    return message


def yaw_of(orientation: Any) -> float | None:
    """Return the yaw [rad] of a quaternion, or None if it is far from a unit quaternion."""
    x, y, z, w = orientation.x, orientation.y, orientation.z, orientation.w
    norm = math.sqrt(x * x + y * y + z * z + w * w)
    if not math.isfinite(norm) or abs(norm - 1.0) > 0.05:
        return None
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def duration_message(seconds: float) -> Duration:
    """Return a duration as a message."""
    nanoseconds = round(seconds * 1e9)
    return Duration(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)


def seconds_of(duration: Any) -> float:
    """Return a duration message in seconds."""
    return duration.sec + duration.nanosec * 1e-9


def time_message(seconds: float) -> Time:
    """Return a time since zero as a message."""
    nanoseconds = round(seconds * 1e9)
    return Time(sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9)
