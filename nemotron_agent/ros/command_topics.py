"""The topics `command` and `speech` in, `response` and `response_stream` out."""

import functools
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from std_msgs.msg import String

from nemotron_agent.core.agent_events import AgentEvent, ModelProgressed
from nemotron_agent.core.chat_model import Phase
from nemotron_agent.core.errors import TaskRefusedError
from nemotron_agent.core.json_text import encodable
from nemotron_agent.core.task import TaskResult
from nemotron_agent.ros.task_intake import TaskIntake, refusal

COMMAND_TOPICS = ('command', 'speech')


class CommandTopics:
    """Queues what is said on the command topics and publishes what there is to say to it.

    `response` has one message for each command: the answer, the question back, or what went
    wrong. Callbacks only queue; the answers are published from the task's thread.
    """

    def __init__(self, node: Any, intake: TaskIntake) -> None:
        self._node = node
        self._intake = intake
        self._response = node.create_publisher(String, 'response', 10)
        self._response_stream = node.create_publisher(String, 'response_stream', 100)
        group = ReentrantCallbackGroup()
        self._subscriptions = [
            node.create_subscription(
                String, topic, functools.partial(self._on_command, topic), 10, callback_group=group
            )
            for topic in COMMAND_TOPICS
        ]

    def destroy(self) -> None:
        """Take the topics down."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._node.destroy_publisher(self._response)
        self._node.destroy_publisher(self._response_stream)

    def _on_command(self, topic: str, message: String) -> None:
        try:
            handle = self._intake.submit(message.data, self._on_event, origin=f'topic:{topic}')
        except TaskRefusedError as error:
            self._node.get_logger().warning(f'{topic}: {error}')
            self._on_end(refusal(error))
        else:
            handle.on_end(self._on_end)

    def _on_event(self, event: AgentEvent) -> None:
        if isinstance(event, ModelProgressed) and event.progress.phase is Phase.ANSWERING:
            self._response_stream.publish(String(data=encodable(event.progress.text)))

    def _on_end(self, result: TaskResult) -> None:
        self._response.publish(String(data=encodable(result.answer or result.error)))
