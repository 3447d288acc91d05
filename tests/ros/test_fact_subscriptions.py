import math

import pytest

pytest.importorskip('rclpy')

from geometry_msgs.msg import Pose, Quaternion
from nav_msgs.msg import Odometry
from nemotron_agent_interfaces.srv import CallTool
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import BatteryState
from std_msgs.msg import Bool

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.ros.fact_subscriptions import FactSubscriptions
from nemotron_agent.safety.policy_file import FactTopic
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest

BATTERY = FactTopic(topic='battery_state', type='sensor_msgs/msg/BatteryState', field='percentage')
POSE = FactTopic(topic='odom', type='nav_msgs/msg/Odometry', field='pose.pose')
E_STOP = FactTopic(topic='e_stop', type='std_msgs/msg/Bool', field='data')


class Robot:
    def __init__(self, domain, **topics):
        self.store = FactStore()
        self.node = domain.make_node('robot')
        agent = domain.make_node('agent')
        self.subscriptions = FactSubscriptions(agent, topics, self.store)

    def say(self, topic, message, reliability=ReliabilityPolicy.RELIABLE):
        qos = QoSProfile(depth=1, reliability=reliability)
        publisher = self.node.create_publisher(type(message), topic, qos)
        wait_for(lambda: publisher.get_subscription_count() == 1, SOON)
        publisher.publish(message)


@pytest.mark.parametrize(
    'reliability', [ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT]
)
def test_facts_come_from_topics(ros_domain, reliability):
    robot = Robot(ros_domain, battery=BATTERY, e_stop=E_STOP)
    robot.say('battery_state', BatteryState(percentage=0.5), reliability)
    robot.say('e_stop', Bool(data=True), reliability)
    fact = wait_for(lambda: robot.store.look_up('battery'), SOON)
    assert (fact.value, fact.frame) == (0.5, '')
    assert wait_for(lambda: robot.store.look_up('e_stop'), SOON).value is True


def test_a_number_that_is_not_known(ros_domain):
    robot = Robot(ros_domain, battery=BATTERY)
    robot.say('battery_state', BatteryState(percentage=math.nan))
    assert wait_for(lambda: robot.store.look_up('battery'), SOON).value is None


@pytest.mark.parametrize(('frame', 'known_as'), [('', 'odom'), ('map', 'map')])
def test_a_pose_has_the_frame_of_its_header_or_of_the_policy(ros_domain, frame, known_as):
    robot = Robot(ros_domain, pose=POSE.model_copy(update={'frame': frame}))
    message = Odometry()
    message.header.frame_id = 'odom'
    message.pose.pose = Pose(orientation=Quaternion(z=1.0, w=0.0))
    robot.say('odom', message)
    fact = wait_for(lambda: robot.store.look_up('pose'), SOON)
    assert fact.frame == known_as
    assert fact.value['orientation'] == {'x': 0.0, 'y': 0.0, 'z': 1.0, 'w': 0.0}


def test_the_age_counts_from_the_stamp(ros_domain):
    robot = Robot(ros_domain, pose=POSE)
    message = Odometry()
    now = robot.node.get_clock().now().to_msg()
    message.header.stamp.sec, message.header.stamp.nanosec = now.sec - 60, now.nanosec
    robot.say('odom', message)
    assert 60.0 <= wait_for(lambda: robot.store.look_up('pose'), SOON).age_sec < 120.0


def test_closed_it_hears_nothing_and_may_be_closed_again(ros_domain):
    robot = Robot(ros_domain, battery=BATTERY)
    robot.subscriptions.close()
    robot.subscriptions.close()
    wait_for(lambda: robot.node.count_subscribers('battery_state') == 0, SOON)


@pytest.mark.parametrize(
    ('changes', 'told'),
    [
        ({'type': 'sensor_msgs/msg/Bettery'}, 'fact "battery": the ROS package sensor_msgs has'),
        ({'field': 'percent'}, '"percent" is none of its fields: header, voltage'),
        ({'field': 'percentage.x'}, '"x" is none of its fields: none'),
        ({'field': 'header.stamp.min'}, '"min" is none of its fields: sec, nanosec'),
    ],
)
def test_a_topic_that_cannot_be_used(ros_domain, changes, told):
    with pytest.raises(ConfigurationError, match='policy') as caught:
        Robot(ros_domain, battery=BATTERY.model_copy(update=changes))
    assert told in str(caught.value)


POLICY = """
allow: [{rule: all, origins: ['*'], skills: ['*']}]
facts: {bumper: {topic: bumper, type: std_msgs/msg/Bool, field: data}}
preconditions: [{rule: nothing is hit, fact: bumper, equals: false, max_age_sec: 3600}]
"""


def test_the_node_asks_the_robot_before_it_moves(ros_domain, tmp_path):
    policy = tmp_path / 'policy.yaml'
    policy.write_text(POLICY)
    agent = AgentUnderTest(ros_domain, tmp_path, [], policy_file=str(policy)).start()

    def go():
        return agent.call(CallTool, 'call_tool', tool='go_to', arguments='{"place": "dock"}')

    assert go().message == 'Not allowed: the robot has not said its bumper'
    bumper = agent.client_node.create_publisher(Bool, 'bumper', 10)
    wait_for(lambda: bumper.get_subscription_count() == 1, SOON)
    bumper.publish(Bool(data=True))
    wait_for(lambda: go().message == 'Not allowed: the bumper is true and must be false', SOON)
    assert agent.robot.goals == []
    bumper.publish(Bool(data=False))
    wait_for(lambda: go().success, SOON)
    assert len(agent.robot.goals) == 1


@pytest.mark.parametrize(
    'text',
    ['allow: [{rule: a, origins: [x], skills: [y]}]', POLICY.replace('std_msgs', 'no_msgs')],
)
def test_a_bad_policy_fails_the_configure(ros_domain, tmp_path, text):
    policy = tmp_path / 'policy.yaml'
    policy.write_text(text)
    agent = AgentUnderTest(ros_domain, tmp_path, [], policy_file=str(policy))
    assert agent.configure().name == 'FAILURE'
