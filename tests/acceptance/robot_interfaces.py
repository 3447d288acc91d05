"""Every interface of the shipped skills, served here, to see from outside what an agent sends."""

from nemotron_agent_interfaces.action import (
    DriveOnHeading,
    GripperCommand,
    NavigateToPose,
    Spin,
)
from rclpy.qos import QoSProfile, ReliabilityPolicy
from std_msgs.msg import String
from std_srvs.srv import SetBool

from nemotron_agent.ros.interface_types import load_interface
from nemotron_agent.testing.mock_action_server import MockActionServer
from nemotron_agent.testing.ros_domain import wait_for

SOON = 60.0
AGENT = 'nemotron_agent'
OWN_ACTION = '/nemotron_agent/execute_task/_action/'
# What the node says of itself and to those who ask it.
STATUS_TOPICS = (
    '/action_requests',
    '/diagnostics',
    '/response',
    '/response_stream',
    '/parameter_events',
    '/rosout',
    '/nemotron_agent/transition_event',
)


class RobotInterfaces:
    """A robot that notes what it is told and does it at once.

    Attributes:
        told: interfaces that got a goal, a request or a message, in order.
        topics: on which the agent published anything at all.
    """

    def __init__(self, domain):
        self._node = domain.make_node('robot_interfaces')
        self.told = []
        self.topics = set()
        self._actions = {
            'navigate_to_pose': NavigateToPose,
            'drive_on_heading': DriveOnHeading,
            'spin': Spin,
            'gripper_cmd': GripperCommand,
        }
        self._servers = {
            name: MockActionServer(self._node, action, name)
            for name, action in self._actions.items()
        }
        self._node.create_service(SetBool, 'set_light', self._on_light)
        self._node.create_subscription(String, 'say', lambda message: self._note('say'), 10)

    def watch_agent(self):
        """Listen to every topic that the agent publishes, but those of its own action."""
        published = wait_for(self._published_by_agent, SOON)
        for topic, types in published:
            self._node.create_subscription(
                load_interface(types[0]),
                topic,
                lambda message, topic=topic: self.topics.add(topic),
                QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT),
            )

    def _published_by_agent(self):
        """Topics and their types, once all that there must be have been discovered."""
        if AGENT not in self._node.get_node_names():
            return None
        found = self._node.get_publisher_names_and_types_by_node(AGENT, '/')
        found = [(topic, types) for topic, types in found if not topic.startswith(OWN_ACTION)]
        return found if {topic for topic, _ in found} >= set(STATUS_TOPICS) else None

    @property
    def all_told(self):
        """Interfaces that were told anything."""
        goals = [name for name, server in self._servers.items() for _ in server.goals]
        return sorted([*goals, *self.told])

    def _on_light(self, request, response):
        self._note('set_light')
        response.success = True
        return response

    def _note(self, name):
        self.told.append(name)
