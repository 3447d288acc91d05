"""What operators decide: `~/confirm_action`, the topic `confirm_action`, `~/release_resource`."""

from typing import Any

from nemotron_agent_interfaces.msg import Confirmation
from nemotron_agent_interfaces.srv import ConfirmAction, ReleaseResource
from rclpy.callback_groups import ReentrantCallbackGroup

from nemotron_agent.core.json_text import encodable
from nemotron_agent.ros.services import NOT_CONFIGURED, AgentServices
from nemotron_agent.safety.confirmation import ConfirmationError
from nemotron_agent.safety.resource_locks import ReleaseError, ResourceLocks

NOBODY = 'nobody is named: say in operator_id who decides'


class OperatorInterfaces:
    """Takes operators' words. The callbacks only store and signal; whoever waits goes on.

    Args:
        node: serves.
        services: know the configured agent.
        resources: who uses which part of the robot.
    """

    def __init__(self, node: Any, services: AgentServices, resources: ResourceLocks) -> None:
        self._node = node
        self._agent_services = services
        self._resources = resources
        group = ReentrantCallbackGroup()
        self._services = [
            node.create_service(kind, f'~/{name}', callback, callback_group=group)
            for kind, name, callback in (
                (ConfirmAction, 'confirm_action', self._on_confirm),
                (ReleaseResource, 'release_resource', self._on_release),
            )
        ]
        self._subscription = node.create_subscription(
            Confirmation, 'confirm_action', self._on_confirmation, 10, callback_group=group
        )

    def destroy(self) -> None:
        """Take the interfaces down."""
        for service in self._services:
            self._node.destroy_service(service)
        self._node.destroy_subscription(self._subscription)

    def _on_confirm(self, request: Any, response: Any) -> Any:
        response.message = self._answer(request)
        response.success = not response.message
        return response

    def _on_confirmation(self, message: Confirmation) -> None:
        problem = self._answer(message)
        if problem:
            self._node.get_logger().warning(f'confirm_action: {problem}')

    def _answer(self, word: Any) -> str:
        """Take an operator's word; return why not, or nothing."""
        configured = self._agent_services.configured
        if configured is None:
            return NOT_CONFIGURED
        try:
            configured.gate.confirmations.answer(
                word.request_id, word.approve, word.operator_id, word.arguments_hash
            )
        except ConfirmationError as error:
            return encodable(str(error))
        return ''

    def _on_release(self, request: Any, response: Any) -> Any:
        if not request.operator_id.strip():
            response.message = NOBODY
            return response
        try:
            lock = self._resources.release(request.resource)
        except ReleaseError as error:
            response.message = encodable(str(error))
            return response
        self._node.get_logger().warning(
            f'{request.operator_id} released the {lock.resource}, locked by {lock.skill} '
            f'(request {lock.request_id})'
        )
        configured = self._agent_services.configured
        if configured is not None:
            configured.recorder.resource_release(
                lock.resource, request.operator_id, lock.request_id
            )
        response.success = True
        return response
