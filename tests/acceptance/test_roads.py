"""Every road to the robot ends at the gate: seen from outside, by another process."""

import json

import pytest
import yaml
from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import ActionRequest
from nemotron_agent_interfaces.srv import Ask, CallTool
from std_msgs.msg import String

from nemotron_agent.ros.action_request_publisher import QOS
from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.testing.ros_domain import wait_for

from .robot_interfaces import STATUS_TOPICS, RobotInterfaces

SOON = 60.0
# An action, a service and a topic.
CALLS = {
    'go to the kitchen': ('navigate_to', {'place': 'kitchen'}, 'navigate_to_pose'),
    'light on': ('set_light', {'on': True}, 'set_light'),
    'greet': ('announce', {'text': 'Hello.'}, 'say'),
}
INTERFACES = sorted(interface for _, _, interface in CALLS.values())
SCRIPT = {
    'reply_protocol': 'call_only',
    'rules': [
        *(
            {
                'match': f'^{command}',
                'role': 'user',
                'call': {'name': tool, 'arguments': arguments},
            }
            for command, (tool, arguments, _) in CALLS.items()
        ),
        {'match': '.', 'call': {'name': 'answer', 'arguments': {'text': 'Done.'}}},
    ],
}
# With these the model is not asked, and so the script has no call for them.
PHRASES = {
    'phrases': [
        {'say': [f'quick {command}'], 'skill': tool, 'arguments': arguments}
        for command, (tool, arguments, _) in CALLS.items()
    ]
}


class Roads:
    """A client that gives the same orders on each road."""

    def __init__(self, domain):
        self._node = domain.make_node('roads')
        self._domain = domain
        self.requests = []
        self._responses = []
        self._node.create_subscription(ActionRequest, 'action_requests', self._on_request, QOS)
        self._node.create_subscription(
            String, 'response', lambda message: self._responses.append(message.data), 10
        )

    def execute_task(self):
        with TaskClient() as client:
            for command in CALLS:
                goal = ExecuteTask.Goal(task=command, origin='operator')
                result = client.send(goal, lambda feedback: None).wait(SOON)
                assert len(result.tool_calls) == 2, result.error_msg

    def ask(self):
        for command in CALLS:
            self._call(Ask, 'ask', task=command, origin='operator')

    def call_tool(self):
        for tool, arguments, _ in CALLS.values():
            self._call(CallTool, 'call_tool', tool=tool, arguments=json.dumps(arguments))

    def command(self):
        self._publish('command')

    def speech(self):
        self._publish('speech')

    def phrases(self):
        self._publish('command', 'quick ')

    def _publish(self, topic, prefix=''):
        publisher = self._node.create_publisher(String, topic, 10)
        # The agent listens more than once: for commands, and for stop words.
        wait_for(lambda: self._node.count_subscribers(topic) > 1, SOON)
        wait_for(
            lambda: publisher.get_subscription_count() == self._node.count_subscribers(topic), SOON
        )
        wait_for(lambda: self._node.count_publishers('response') == 1, SOON)
        for number, command in enumerate(CALLS):
            publisher.publish(String(data=prefix + command))
            wait_for(lambda number=number: len(self._responses) > number, SOON)

    def _call(self, service_type, name, **request):
        client = self._node.create_client(service_type, f'nemotron_agent/{name}')
        assert client.wait_for_service(SOON)
        future = client.call_async(service_type.Request(**request))
        wait_for(future.done, SOON)
        return future.result()

    def _on_request(self, message):
        self.requests.append(message)


ROADS = ('execute_task', 'ask', 'call_tool', 'command', 'speech', 'phrases')


@pytest.fixture
def walk(processes, ros_domain, tmp_path):
    """Start an agent with a policy and give all orders on a road; return what the robot saw."""

    def walk(road, **parameters):
        script = tmp_path / 'script.yaml'
        script.write_text(yaml.safe_dump(SCRIPT))
        phrases = tmp_path / 'phrases.yaml'
        phrases.write_text(yaml.safe_dump(PHRASES))
        robot = RobotInterfaces(ros_domain)
        processes.start_agent(model=f'scripted:{script}', phrases_file=phrases, **parameters)
        robot.watch_agent()
        roads = Roads(ros_domain)
        getattr(roads, road)()
        ended = (ActionRequest.DENIED, ActionRequest.SUCCEEDED)
        wait_for(lambda: sum(r.state in ended for r in roads.requests) == len(CALLS), SOON)
        return robot, roads.requests

    return walk


@pytest.mark.parametrize('road', ROADS)
def test_nothing_leaves_an_agent_whose_policy_allows_nothing(walk, tmp_path, road):
    policy = tmp_path / 'policy.yaml'
    policy.write_text('allow: []\n')
    robot, requests = walk(road, policy_file=policy)
    assert robot.all_told == []
    assert robot.topics <= set(STATUS_TOPICS)
    assert {request.state for request in requests} == {ActionRequest.DENIED}
    assert all('the policy does not allow' in request.text for request in requests)


@pytest.mark.parametrize('road', ROADS)
def test_the_observer_sees_what_is_allowed(walk, road):
    robot, _ = walk(road)
    wait_for(lambda: robot.all_told == INTERFACES, SOON)
