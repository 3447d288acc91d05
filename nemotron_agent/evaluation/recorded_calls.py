"""Recorded calls stand in for policy and robot."""

from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.gate import CallRequest, Decision, Verdict
from nemotron_agent.core.tool import CallContext, Outcome, ToolResult, ToolSpec
from nemotron_agent.evaluation.recorded_task import RecordedCall

NOT_RECORDED = 'It succeeded.'


class RecordedPolicy:
    """A `CallPolicy` that decides as it was decided then; what was not asked then it allows."""

    def __init__(self, calls: Sequence[RecordedCall]) -> None:
        self._calls = [call for call in calls if call.request]

    def decide(self, request: CallRequest) -> Decision:
        """Take the verdict on the first call like this that is not used up."""
        for call in self._calls:
            if call.call.is_same_as(request.call):
                self._calls.remove(call)
                return Decision(call.verdict, call.reason, call.run_with, call.rule)
        return Decision(Verdict.ALLOW, '', request.call.arguments, 'replay')

    def recheck(self, request: CallRequest, decision: Decision) -> Decision:
        """Stay with it."""
        return decision


class RecordedTool:
    """A `Tool` that gives the results its skill gave then, and moves nothing.

    A run with the arguments of a recorded one gives the result of that one; another gives the next
    result of the skill that is left, or says that it succeeded.
    """

    def __init__(self, recorded: Mapping[str, Any], calls: Sequence[RecordedCall]) -> None:
        self.spec = ToolSpec(
            recorded['name'],
            recorded['description'],
            recorded['parameters'],
            aliases={v: tuple(names) for v, names in recorded.get('aliases', {}).items()},
        )
        self.datatype = str(recorded['datatype'])
        self.interface_path = str(recorded['interface'])
        self.resources = tuple(recorded['resources'])
        ran = (Verdict.ALLOW, Verdict.CLAMP)
        self._left = [
            c for c in calls if c.call.name == self.spec.name and c.request and c.verdict in ran
        ]

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Give the recorded result; see `Tool`."""
        same = [call for call in self._left if dict(call.run_with) == dict(arguments)]
        for call in (*same, *self._left):
            self._left.remove(call)
            return call.result
        return ToolResult(Outcome.SUCCEEDED, NOT_RECORDED)
