import pytest
import yaml

pytest.importorskip('rclpy')

from action_msgs.msg import GoalStatus
from nemotron_agent_interfaces.srv import CallTool
from sensor_msgs.msg import BatteryState

from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest, manifest_with

pytestmark = pytest.mark.ros

GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')
BATTERY = {
    'topic': 'battery_state',
    'type': 'sensor_msgs/msg/BatteryState',
    'field': 'percentage',
}
CHARGED = {'fact': 'battery', 'minimum': 0.2, 'max_age_sec': 60}
DOCK = {'tool': 'go_to', 'arguments': '{"place": "dock"}'}


def test_a_skill_is_offered_while_the_robot_is_as_it_wants_it(ros_domain, tmp_path):
    policy = tmp_path / 'policy.yaml'
    allow = [{'rule': 'all', 'skills': ['*'], 'origins': ['*']}]
    policy.write_text(yaml.safe_dump({'allow': allow, 'facts': {'battery': BATTERY}}))
    agent = AgentUnderTest(
        ros_domain,
        tmp_path,
        [THERE, GO, THERE],
        manifest=manifest_with(enabled_when=[CHARGED]),
        policy_file=str(policy),
    ).start()
    assert agent.send().end()[0] == GoalStatus.STATUS_SUCCEEDED
    request = agent.model.requests[0]
    assert request.withheld == {'go_to'}
    assert request.messages[-1].content == (
        'go to the kitchen\n(Cannot be used now: go_to, it needs battery at least 0.2.)'
    )
    assert 'go_to' in [tool.name for tool in request.tools], 'the prompt stays the same'
    denied = agent.call(CallTool, 'call_tool', **DOCK)
    assert denied.tool_call.verdict_reason == 'the robot has not said its battery'

    publisher = agent.client_node.create_publisher(BatteryState, 'battery_state', 10)
    wait_for(lambda: publisher.get_subscription_count() == 1, SOON)
    publisher.publish(BatteryState(percentage=0.9))
    wait_for(lambda: agent.call(CallTool, 'call_tool', **DOCK).success, SOON)
    assert agent.send().end()[0] == GoalStatus.STATUS_SUCCEEDED
    assert [request.withheld for request in agent.model.requests[1:]] == [frozenset()] * 2
