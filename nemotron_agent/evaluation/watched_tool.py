"""A tool whose runs are watched, and may be answered by the suite."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema

from nemotron_agent.core.tool import CallContext, Outcome, RequestState, Tool, ToolResult
from nemotron_agent.evaluation.case import PlannedResult
from nemotron_agent.evaluation.observation import Observation
from nemotron_agent.evaluation.stand_in import limit_problem
from nemotron_agent.skills.skill import Skill


class WatchedTool:
    """Runs a tool, or gives the result that a suite plans instead.

    It checks by itself what the registry and the skill should have checked before.

    Args:
        tool: the real one, or a stand-in.
        skill: its entry in the manifest, if it has one.
        results: given in turn; the last one repeats. Without any, the tool runs.
    """

    def __init__(
        self, tool: Tool, skill: Skill | None = None, results: Sequence[PlannedResult] = ()
    ) -> None:
        self.spec = tool.spec
        self.datatype = tool.datatype
        self.interface_path = tool.interface_path
        self.resources = tool.resources
        self.observation = Observation()
        self._tool = tool
        self._skill = skill
        self._results = list(results)
        self._validator = jsonschema.Draft202012Validator(tool.spec.parameters)

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Run it, or give the planned result; see `Tool`."""
        seen = self.observation
        breaks_limits = bool(limit_problem(self._skill, arguments))
        if seen.interrupts:
            context = dataclasses.replace(context, on_state=self._interrupting(context))
        try:
            result = self._result(arguments, context, breaks_limits)
        except Exception as error:
            seen.crashed(error)
            raise
        fits = self._validator.is_valid(dict(arguments))
        if not fits or (breaks_limits and result.outcome is not Outcome.INVALID):
            seen.out_of_bounds += 1
        if seen.interrupts:
            seen.cancel.cancel()
        return result

    def _result(
        self, arguments: Mapping[str, Any], context: CallContext, breaks_limits: bool
    ) -> ToolResult:
        if not self._results or breaks_limits:
            return self._tool.run(arguments, context)
        context.on_state(RequestState.SENT)
        context.on_state(RequestState.EXECUTING)
        if context.cancel.canceled:
            return ToolResult(Outcome.CANCELED, f'{self.spec.name} was canceled and stopped.')
        planned = self._results[0] if len(self._results) == 1 else self._results.pop(0)
        outcome = Outcome.ABORTED if planned.failed else Outcome.SUCCEEDED
        return ToolResult(outcome, planned.text)

    def _interrupting(self, context: CallContext) -> Any:
        def on_state(state: RequestState) -> None:
            context.on_state(state)
            if state is RequestState.EXECUTING:
                self.observation.cancel.cancel()

        return on_state
