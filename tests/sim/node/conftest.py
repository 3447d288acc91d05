import subprocess
import sys

import pytest

pytest.importorskip('rclpy', reason='rclpy is not installed')

from nemotron_agent_interfaces.action import DriveOnHeading, GripperCommand, NavigateToPose, Spin
from rclpy.action import ActionClient
from rclpy.node import Node
from rclpy.parameter import Parameter

from nemotron_agent.sim.robot import SimulatedRobot
from nemotron_agent.sim.robot_watch import RobotWatch
from nemotron_agent.testing.ros_domain import ros_domain, wait_for

__all__ = ['ros_domain']

ACTIONS = {
    'navigate_to_pose': NavigateToPose,
    'drive_on_heading': DriveOnHeading,
    'spin': Spin,
    'gripper_cmd': GripperCommand,
}
SPEED_UP = 10.0
TIMEOUT_SEC = 20.0


class SentGoal:
    """A goal that a `RobotUser` sent."""

    def __init__(self, client, goal):
        self.feedback = []
        self._future = client.send_goal_async(
            goal, feedback_callback=lambda message: self.feedback.append(message.feedback)
        )
        wait_for(self._future.done, TIMEOUT_SEC)
        self.accepted = self._future.result().accepted
        if self.accepted:
            self._ended = self._future.result().get_result_async()

    @property
    def is_over(self):
        return self._ended.done()

    def cancel(self):
        """Cancel; return how many goals the server says it cancels."""
        response = self._future.result().cancel_goal_async()
        wait_for(response.done, TIMEOUT_SEC)
        return len(response.result().goals_canceling)

    def wait(self):
        """Return status and result."""
        wait_for(self._ended.done, TIMEOUT_SEC)
        return self._ended.result().status, self._ended.result().result


class RobotUser:
    """Sends goals to a robot and watches it."""

    def __init__(self, domain, namespace=''):
        self.node = Node('robot_user', context=domain.context, namespace=namespace)
        self.watch = RobotWatch(self.node)
        self._clients = {
            name: ActionClient(self.node, action_type, name)
            for name, action_type in ACTIONS.items()
        }
        # rclpy's action client is not ready for an executor while it is being made.
        domain.add(self.node)

    def wait_until_ready(self):
        for client in self._clients.values():
            assert client.wait_for_server(TIMEOUT_SEC)
        assert self.watch.wait_for(lambda state: True, TIMEOUT_SEC)
        return self

    def send(self, action, goal):
        return SentGoal(self._clients[action], goal)

    def navigate(self, x, y, yaw_quaternion=(0.0, 1.0), frame_id='map'):
        goal = NavigateToPose.Goal()
        goal.pose.header.frame_id = frame_id
        goal.pose.pose.position.x = x
        goal.pose.pose.position.y = y
        goal.pose.pose.orientation.z, goal.pose.pose.orientation.w = yaw_quaternion
        return self.send('navigate_to_pose', goal)

    def drive(self, distance, **changes):
        goal = DriveOnHeading.Goal(**changes)
        goal.target.x = distance
        return self.send('drive_on_heading', goal)

    def spin(self, angle):
        return self.send('spin', Spin.Goal(target_yaw=angle))

    def grip(self, opening, max_effort=0.0):
        goal = GripperCommand.Goal()
        goal.command.position = opening
        goal.command.max_effort = max_effort
        return self.send('gripper_cmd', goal)

    def state_when(self, predicate):
        state = self.watch.wait_for(predicate, TIMEOUT_SEC)
        assert state is not None, f'never; it is {self.watch.state}'
        return state

    def standing(self):
        return self.state_when(lambda state: not state.moving and not state.active_goals)

    def call(self, service_type, name, request=None):
        client = self.node.create_client(service_type, name)
        assert client.wait_for_service(TIMEOUT_SEC)
        future = client.call_async(request or service_type.Request())
        wait_for(future.done, TIMEOUT_SEC)
        return future.result()

    def collect(self, message_type, topic, qos=10):
        """Return a list that grows with the messages of a topic."""
        messages = []
        self.node.create_subscription(message_type, topic, messages.append, qos)
        return messages


@pytest.fixture
def make_robot(ros_domain):
    """Make robots in this process; each stands still at the end."""
    robots = []

    def make(namespace='', **parameters):
        parameters = {'speed_up': SPEED_UP, **parameters}
        robot = SimulatedRobot(
            context=ros_domain.context,
            namespace=namespace,
            parameter_overrides=[
                Parameter(name, value=value) for name, value in parameters.items()
            ],
        )
        robots.append(robot)
        ros_domain.add(robot)
        return robot

    yield make
    assert all(robot.stand_still(TIMEOUT_SEC) for robot in robots)


@pytest.fixture
def robot(make_robot):
    return make_robot()


@pytest.fixture
def make_user(ros_domain):
    """Make a user of the robot of a namespace, and wait until that is there."""
    return lambda namespace='': RobotUser(ros_domain, namespace).wait_until_ready()


@pytest.fixture
def user(robot, make_user):
    return make_user()


@pytest.fixture
def start_process(ros_domain):
    """Start a robot as a process of its own; it is killed at the end if it still runs."""
    processes = []

    def start(**parameters):
        arguments = [
            word for item in parameters.items() for word in ('-p', '{}:={}'.format(*item))
        ]
        process = subprocess.Popen(
            [sys.executable, '-m', 'nemotron_agent.sim.main', '--ros-args', *arguments],
            env=ros_domain.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=TIMEOUT_SEC)
