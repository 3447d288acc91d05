"""The topic `action_requests`: every request to the robot and each change of its state."""

from typing import Any

from builtin_interfaces.msg import Time
from nemotron_agent_interfaces.msg import ActionRequest
from rclpy.duration import Duration
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from nemotron_agent.core.gate import CallRequest
from nemotron_agent.core.json_text import encodable, to_json
from nemotron_agent.core.tool import RequestState

ACTION_REQUESTS = 'action_requests'
QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=64,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)


class ActionRequestPublisher:
    """A `RequestObserver` that publishes what it is told. Late subscribers get the last 64."""

    def __init__(self, node: Any) -> None:
        self._node = node
        self._publisher = node.create_publisher(ActionRequest, ACTION_REQUESTS, QOS)

    def __call__(self, request: CallRequest, state: RequestState, text: str) -> None:
        """Publish one state of a request."""
        now = self._node.get_clock().now()
        expires_at = Time()
        if state is RequestState.CONFIRM:
            expires_at = (now + Duration(seconds=request.expires_in_sec)).to_msg()
        self._publisher.publish(
            ActionRequest(
                stamp=now.to_msg(),
                request_id=request.request_id,
                conversation_id=encodable(request.conversation_id),
                origin=encodable(request.origin),
                skill=request.call.name,
                datatype=request.datatype,
                interface_path=request.interface_path,
                arguments=to_json(request.call.arguments),
                state=state.value,
                text=encodable(text),
                arguments_hash=request.arguments_hash,
                expires_at=expires_at,
            )
        )
