"""The service `~/report_action`."""

from typing import Any

from nemotron_agent_interfaces.srv import ReportAction
from rclpy.callback_groups import ReentrantCallbackGroup

from nemotron_agent.core.json_text import encodable
from nemotron_agent.core.tool import RequestState
from nemotron_agent.ros.open_requests import OpenRequests, ReportError

STATES = {
    ReportAction.Request.SUCCEEDED: RequestState.SUCCEEDED,
    ReportAction.Request.REJECTED: RequestState.REJECTED,
    ReportAction.Request.ABORTED: RequestState.ABORTED,
    ReportAction.Request.CANCELED: RequestState.CANCELED,
}


class ReportService:
    """Takes the ends of requests that other nodes carry out."""

    def __init__(self, node: Any, requests: OpenRequests) -> None:
        self._node = node
        self._requests = requests
        self._service = node.create_service(
            ReportAction,
            '~/report_action',
            self._on_report,
            callback_group=ReentrantCallbackGroup(),
        )

    def destroy(self) -> None:
        """Take the service down."""
        self._node.destroy_service(self._service)

    def _on_report(self, request: Any, response: Any) -> Any:
        state = STATES.get(request.outcome)
        if state is None:
            choices = ', '.join(f'{value} ({state.name})' for value, state in STATES.items())
            response.message = f'outcome is {request.outcome}: give one of {choices}'
            return response
        try:
            self._requests.report(request.request_id, state, request.text)
        except ReportError as error:
            response.message = encodable(str(error))
        else:
            response.success = True
        return response
