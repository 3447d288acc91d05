"""An agent node with a model that gives listed replies, and what a test asks of it."""

import threading

import yaml
from nemotron_agent_interfaces.action import ExecuteTask, NavigateToPose
from nemotron_agent_interfaces.msg import ActionRequest
from rclpy.action import ActionClient
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter

from nemotron_agent.llm.system_memory import SystemMemory
from nemotron_agent.ros.action_request_publisher import QOS
from nemotron_agent.ros.agent_node import AgentNode
from nemotron_agent.ros.feedback_qos import FEEDBACK_QOS
from nemotron_agent.testing.listed_model import ListedModel
from nemotron_agent.testing.mock_action_server import MockActionServer
from nemotron_agent.testing.ros_domain import wait_for

SOON = 30.0
MANIFEST = {
    'skills': [
        {
            'id': 'go_to',
            'version': '1.0.0',
            'description': 'Drive to a place.',
            'interface': 'action',
            'datatype': 'nemotron_agent_interfaces/action/NavigateToPose',
            'default_interface_path': 'navigate_to_pose',
            'parameters': {
                'in': [
                    {
                        'name': 'place',
                        'type': 'string',
                        'required': True,
                        'enum': 'places',
                        'description': 'Where to.',
                    }
                ]
            },
            'request': {'pose': {'place': 'place'}},
            'timeout_sec': 30,
            'resources': ['base'],
        }
    ]
}


def manifest_with(**keys):
    """The manifest with other keys of its skill."""
    return {'skills': [{**MANIFEST['skills'][0], **keys}]}


class AgentUnderTest:
    """The node, its robot (a mock action server), and a client's view of it."""

    def __init__(
        self,
        domain,
        folder,
        replies,
        *,
        before_reply=lambda cancel: None,
        manifest=MANIFEST,
        has_robot=True,
        system=SystemMemory(),  # noqa: B008 (frozen)
        **parameters,
    ):
        self.domain = domain
        self.model = ListedModel(replies, before_reply=before_reply)
        self.load_failures = []
        skills_file = folder / 'skills.yaml'
        skills_file.write_text(yaml.safe_dump(manifest))
        overrides = {'skills_file': str(skills_file), 'diagnostics_period_sec': 0.1, **parameters}
        self.node = AgentNode(
            load_model=self._load_model,
            system=system,
            context=domain.context,
            parameter_overrides=[Parameter(name, value=v) for name, v in overrides.items()],
        )
        domain.add(self.node)
        self.client_node = domain.make_node('client')
        if has_robot:
            robot = domain.make_node('robot')
            self.robot = MockActionServer(robot, NavigateToPose, 'navigate_to_pose')
        self.tasks = ActionClient(
            self.client_node,
            ExecuteTask,
            'nemotron_agent/execute_task',
            feedback_sub_qos_profile=FEEDBACK_QOS,
        )

    def _load_model(self, parameters):
        if self.load_failures:
            raise self.load_failures.pop()
        return self.model

    def configure(self):
        return self.node.trigger_configure()

    def start(self):
        assert self.configure() is TransitionCallbackReturn.SUCCESS
        assert self.node.trigger_activate() is TransitionCallbackReturn.SUCCESS
        return self

    def send(self, task='go to the kitchen', **goal):
        """Send a goal; return it with its feedback on its way."""
        assert self.tasks.wait_for_server(SOON)
        return SentGoal(self.tasks, ExecuteTask.Goal(task=task, **goal))

    def requests(self):
        """Follow `action_requests` from its first message on; return the list it grows."""
        requests = []
        self.client_node.create_subscription(
            ActionRequest, 'action_requests', requests.append, QOS
        )
        return requests

    def call(self, service_type, name, **request):
        """Call a service of the node and wait for the response."""
        client = self.client_node.create_client(service_type, f'nemotron_agent/{name}')
        assert client.wait_for_service(SOON)
        return answer_of(client.call_async(service_type.Request(**request)))


class SentGoal:
    def __init__(self, client, goal):
        self.feedback = []
        future = client.send_goal_async(goal, lambda message: self._on_feedback(message.feedback))
        self.handle = answer_of(future)
        assert self.handle.accepted
        self._result = self.handle.get_result_async()

    def _on_feedback(self, feedback):
        self.feedback.append(feedback)

    def phases(self):
        return [feedback.phase for feedback in self.feedback]

    def wait_phase(self, phase):
        wait_for(lambda: phase in self.phases(), SOON)

    def cancel(self):
        return answer_of(self.handle.cancel_goal_async())

    def end(self):
        """Wait for the result; return (status, result)."""
        response = answer_of(self._result)
        return response.status, response.result


def answer_of(future):
    answered = threading.Event()
    future.add_done_callback(lambda _: answered.set())
    assert answered.wait(SOON), 'no answer'
    return future.result()
