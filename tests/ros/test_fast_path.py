import pytest

pytest.importorskip('rclpy')

from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import ActionRequest, ToolCallRecord
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import String
from std_srvs.srv import Trigger

from nemotron_agent.ros.action_request_publisher import QOS
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.mock_action_server import Behavior
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest

pytestmark = pytest.mark.ros

RESULT = ExecuteTask.Result
THERE = calls('answer', text='I am there.')
PHRASES = """
phrases:
  - {say: [dock, zum Dock], skill: go_to, arguments: {place: dock}}
"""


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies, phrases=PHRASES, **options):
        (tmp_path / 'phrases.yaml').write_text(phrases)
        options['phrases_file'] = str(tmp_path / 'phrases.yaml')
        return AgentUnderTest(ros_domain, tmp_path, replies, **options)

    return make


def test_a_phrase_reaches_the_robot_without_the_model(make_agent):
    agent = make_agent().start()
    requests = []
    agent.client_node.create_subscription(ActionRequest, 'action_requests', requests.append, QOS)
    goal = agent.send('Zum Dock!', origin='operator')
    result = goal.end()[1]
    assert (result.error_code, result.answer) == (RESULT.NONE, 'go_to is done.')
    assert result.tool_calls[0].verdict == ToolCallRecord.VERDICT_ALLOW
    assert ExecuteTask.Feedback.RESULT in goal.phases()
    assert agent.robot.goals[0].pose.pose.position.x == 0.0
    assert agent.model.requests == []
    wait_for(lambda: requests and requests[-1].state == ActionRequest.SUCCEEDED, SOON)
    assert requests[-1].origin == 'action:operator'


def test_a_phrase_on_a_topic_is_answered(make_agent):
    agent = make_agent().start()
    answers = []
    agent.client_node.create_subscription(
        String, 'response', lambda message: answers.append(message.data), 10
    )
    command = agent.client_node.create_publisher(String, 'command', 10)
    wait_for(lambda: command.get_subscription_count() == 2, SOON)
    wait_for(lambda: agent.client_node.count_publishers('response') == 1, SOON)
    command.publish(String(data='dock'))
    wait_for(lambda: answers == ['go_to is done.'], SOON)


def test_the_model_knows_of_it_afterwards(make_agent):
    agent = make_agent(THERE).start()
    agent.send('dock', conversation_id='c').end()
    agent.send('And now?', conversation_id='c').end()
    messages = agent.model.requests[0].messages
    assert [message.role for message in messages] == [
        *('system', 'user', 'assistant', 'tool', 'assistant', 'user')
    ]
    assert messages[1].content == 'dock'
    assert messages[2].tool_call.name == 'go_to'


def test_it_passes_the_same_gate(make_agent):
    agent = make_agent().start()
    agent.call(Trigger, 'stop')
    result = agent.send('dock').end()[1]
    assert result.answer.startswith('Not allowed: the robot is stopped by the service ~/stop')
    assert result.tool_calls[0].verdict == ToolCallRecord.VERDICT_DENY
    assert agent.robot.goals == []


def test_it_can_be_canceled(make_agent):
    agent = make_agent().start()
    agent.robot.behavior = Behavior.HANG
    goal = agent.send('dock')
    assert agent.robot.executing.wait(SOON)
    goal.cancel()
    assert goal.end()[1].error_code == RESULT.CANCELED
    assert agent.robot.endings == ['canceled']


def test_bad_phrases_fail_the_configure(make_agent):
    agent = make_agent(phrases='phrases: [{say: [up], skill: fly}]')
    assert agent.configure() is TransitionCallbackReturn.FAILURE


def test_the_shipped_phrases_are_no_hindrance_to_another_robot(make_agent):
    agent = make_agent(THERE)
    agent.node.set_parameters([Parameter('phrases_file', value='')])
    agent.start()
    assert agent.send('battery').end()[1].answer == 'I am there.'
