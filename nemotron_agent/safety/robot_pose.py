"""Where the robot is, from what a localisation topic says."""

import math
from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.fact import Fact
from nemotron_agent.safety.plane import Pose


def pose_of(fact: Fact) -> Pose | None:
    """Read a `geometry_msgs/Pose` or a `Pose2D` given as a mapping; None if it is neither."""
    value = fact.value
    if not isinstance(value, Mapping):
        return None
    if 'theta' in value:
        numbers = [value.get('x'), value.get('y'), value['theta']]
    else:
        position, orientation = value.get('position'), value.get('orientation')
        if not isinstance(position, Mapping) or not isinstance(orientation, Mapping):
            return None
        numbers = [position.get('x'), position.get('y'), _yaw(orientation)]
    if not all(_is_finite(number) for number in numbers):
        return None
    x, y, yaw = map(float, numbers)
    return Pose(fact.frame, x, y, yaw)


def _yaw(orientation: Mapping[str, Any]) -> float | None:
    """Yaw of a quaternion [rad]; None if it is no unit quaternion."""
    x, y, z, w = parts = [orientation.get(name, math.nan) for name in 'xyzw']
    if not all(_is_finite(part) for part in parts):
        return None
    if abs(math.sqrt(x * x + y * y + z * z + w * w) - 1.0) > 0.05:
        return None
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def _is_finite(number: Any) -> bool:
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return is_number and math.isfinite(number)
