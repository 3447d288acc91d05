"""An operator's side of an agent: what waits for a word, what is locked."""

import threading
import time
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from nemotron_agent_interfaces.msg import ActionRequest
from nemotron_agent_interfaces.srv import ConfirmAction, ReleaseResource

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.ros.action_request_publisher import ACTION_REQUESTS, QOS
from nemotron_agent.ros.client_node import ClientNode
from nemotron_agent.ros.diagnostics import RESOURCE_KEY
from nemotron_agent.ros.waiting import wait_until

QUIET_SEC = 0.5
DISCOVERY_SEC = 5.0
REPORT_SEC = 65.0  # the longest period of /diagnostics, and some


class OperatorError(NemotronAgentError):
    """The agent did not do what an operator wanted."""


class OperatorClient:
    """Listens from a `ClientNode` to what an agent publishes, and answers it."""

    def __init__(self, client: ClientNode) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._requests: dict[str, ActionRequest] = {}
        self._heard_at = 0.0
        self._report: Any = None
        node = client.node
        node.create_subscription(ActionRequest, ACTION_REQUESTS, self._take_request, QOS)
        node.create_subscription(DiagnosticArray, '/diagnostics', self._take_report, 10)

    @property
    def waiting(self) -> list[ActionRequest]:
        """Requests that wait for an operator, the oldest first, as far as is known now."""
        with self._lock:
            requests = list(self._requests.values())
        return [request for request in requests if request.state == ActionRequest.CONFIRM]

    def listen(self) -> None:
        """Wait until what the agent published before has come.

        Raises:
            AgentUnreachableError: no agent is there.
        """
        node = self._client.node
        if not wait_until(lambda: node.count_publishers(ACTION_REQUESTS) > 0, DISCOVERY_SEC):
            raise self._client.unreachable()
        self._heard_at = time.monotonic()
        wait_until(lambda: time.monotonic() - self._heard_at > QUIET_SEC, DISCOVERY_SEC)

    def answer(self, request: ActionRequest, approve: bool, operator_id: str) -> None:
        """Approve or deny a request, as it was published.

        Raises:
            OperatorError: the agent does not take the answer.
            AgentUnreachableError: it does not answer itself.
        """
        self._demand(
            ConfirmAction,
            'confirm_action',
            ConfirmAction.Request(
                request_id=request.request_id,
                approve=approve,
                operator_id=operator_id,
                arguments_hash=request.arguments_hash,
            ),
        )

    def resources(self) -> dict[str, str]:
        """What the agent says of each resource that is in use or locked.

        Raises:
            AgentUnreachableError: it reports nothing.
        """
        if not wait_until(lambda: self._report is not None, REPORT_SEC):
            raise self._client.unreachable()
        return {
            pair.key.removeprefix(RESOURCE_KEY): pair.value
            for pair in self._report.values
            if pair.key.startswith(RESOURCE_KEY)
        }

    def release(self, resource: str, operator_id: str) -> None:
        """Free a resource that stayed locked after an unknown end.

        Raises:
            OperatorError: it is not locked in that way.
            AgentUnreachableError: the agent does not answer.
        """
        request = ReleaseResource.Request(resource=resource, operator_id=operator_id)
        self._demand(ReleaseResource, 'release_resource', request)

    def _demand(self, service_type: Any, name: str, request: Any) -> None:
        response = self._client.ask(service_type, name, request)
        if response is None:
            raise self._client.unreachable()
        if not response.success:
            raise OperatorError(response.message)

    def _take_request(self, request: ActionRequest) -> None:
        with self._lock:
            self._requests[request.request_id] = request
        self._heard_at = time.monotonic()

    def _take_report(self, message: DiagnosticArray) -> None:
        name = f'{self._client.agent_name.lstrip("/")}: agent'
        for status in message.status:
            if status.name == name:
                self._report = status
