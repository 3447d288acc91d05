"""Requests that another node carries out, until it has reported their end."""

import collections
import dataclasses
import threading

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.core.tool import RequestState

MAX_REMEMBERED = 256


class ReportError(NemotronAgentError):
    """A report that is not taken."""


@dataclasses.dataclass(eq=False)
class OpenRequest:
    """One request.

    Attributes:
        changed: set when its end was reported; may be set for other reasons too.
        end: its last state and what the other node says; None until it is reported.
    """

    changed: threading.Event = dataclasses.field(default_factory=threading.Event)
    end: tuple[RequestState, str] | None = None


class OpenRequests:
    """Open requests by id; each is reported once. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, OpenRequest] = {}
        self._ended: collections.OrderedDict[str, str] = collections.OrderedDict()

    def open(self, request_id: str) -> OpenRequest:
        """Take reports for a request from now on."""
        request = OpenRequest()
        with self._lock:
            self._open[request_id] = request
        return request

    def report(self, request_id: str, state: RequestState, text: str) -> None:
        """Take the end of a request.

        Raises:
            ReportError: none is open under the id.
        """
        with self._lock:
            request = self._open.pop(request_id, None)
            if request is None:
                raise ReportError(self._why_not(request_id))
            request.end = state, text
            self._end(request_id, f'was reported already, as {state.name}')
        request.changed.set()

    def withdraw(self, request_id: str) -> None:
        """Take no report any more, of a request that was not sent."""
        with self._lock:
            if self._open.pop(request_id, None) is not None:
                self._end(request_id, 'was withdrawn')

    def withdraw_all(self) -> None:
        """Take no report any more: nobody waits for one."""
        for request_id in list(self._open):
            self.withdraw(request_id)

    def _end(self, request_id: str, how: str) -> None:
        self._ended[request_id] = how
        while len(self._ended) > MAX_REMEMBERED:
            self._ended.popitem(last=False)

    def _why_not(self, request_id: str) -> str:
        how = self._ended.get(request_id)
        if how is not None:
            return f'request {request_id} {how}'
        return f'no request {request_id!r} is open for a report'
