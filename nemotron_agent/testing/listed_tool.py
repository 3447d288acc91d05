"""A tool that gives listed results in turn."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from nemotron_agent.core.gate import CallRequest
from nemotron_agent.core.tool import (
    CallContext,
    Outcome,
    RequestState,
    ToolResult,
    ToolSpec,
)

PLACE_SCHEMA: Mapping[str, Any] = {
    'type': 'object',
    'properties': {'place': {'type': 'string', 'enum': ['kitchen', 'dock']}},
    'required': ['place'],
    'additionalProperties': False,
}


class ListedTool:
    """A `Tool` that gives the listed results, and success once they are used up.

    Attributes:
        runs: the arguments of each run.
    """

    datatype = 'example_interfaces/action/Go'
    interface_path = '/go'

    def __init__(
        self,
        name: str = 'go_to',
        results: Iterable[ToolResult | Exception] = (),
        *,
        parameters: Mapping[str, Any] = PLACE_SCHEMA,
        resources: tuple[str, ...] = (),
        during_run: Callable[[CallContext], None] = lambda context: None,
    ) -> None:
        self.spec = ToolSpec(name, f'Test {name}.', parameters)
        self.resources = resources
        self.runs: list[Mapping[str, Any]] = []
        self._results = list(results)
        self._during_run = during_run

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Give the next result of the list."""
        self.runs.append(arguments)
        self._during_run(context)
        listed = self._results.pop(0) if self._results else ToolResult(Outcome.SUCCEEDED, 'done')
        if isinstance(listed, Exception):
            raise listed
        return listed


class RequestLog:
    """A `RequestObserver` that keeps what it is told, as (skill, state, text)."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, RequestState, str]] = []

    def __call__(self, request: CallRequest, state: RequestState, text: str) -> None:
        """Keep one state."""
        self.entries.append((request.call.name, state, text))

    @property
    def states(self) -> list[RequestState]:
        """The states, in order."""
        return [state for _, state, _ in self.entries]
