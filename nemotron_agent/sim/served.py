"""The interfaces that the simulated robot serves, for those who must know without asking it."""

from collections.abc import Mapping

PACKAGE = 'nemotron_agent_interfaces'

SERVED: Mapping[tuple[str, str], str] = {
    ('action', 'navigate_to_pose'): f'{PACKAGE}/action/NavigateToPose',
    ('action', 'drive_on_heading'): f'{PACKAGE}/action/DriveOnHeading',
    ('action', 'spin'): f'{PACKAGE}/action/Spin',
    ('action', 'gripper_cmd'): f'{PACKAGE}/action/GripperCommand',
    ('service', 'set_light'): 'std_srvs/srv/SetBool',
    ('topic', 'say'): 'std_msgs/msg/String',
    ('topic', 'said'): 'std_msgs/msg/String',
    ('topic', 'detections'): 'std_msgs/msg/String',
    ('topic', 'battery_state'): 'sensor_msgs/msg/BatteryState',
    ('topic', 'cmd_vel'): 'geometry_msgs/msg/Twist',
    ('topic', 'odom'): 'nav_msgs/msg/Odometry',
}
"""ROS type by kind and relative name."""


def serves(interface: str, path: str, datatype: str) -> bool:
    """Whether the robot serves an interface of a skill."""
    return SERVED.get((interface, path.removeprefix('/'))) == datatype
