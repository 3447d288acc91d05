"""A skill without a robot: it checks its arguments and succeeds."""

import math
from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.tool import CallContext, Outcome, RequestState, ToolResult, ToolSpec
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.skills.result_text import attribute_paths, result_text
from nemotron_agent.skills.skill import Skill

SUCCEEDED = 'It succeeded.'


class StandIn:
    """A `Tool` that moves nothing.

    It answers with the skill's own words of success, unless those need a result of the robot.

    Args:
        spec: what the model sees.
        skill: what the manifest says; None for a tool that is no skill.
        template: completes the arguments of a skill.
    """

    def __init__(
        self, spec: ToolSpec, skill: Skill | None = None, template: RequestTemplate | None = None
    ) -> None:
        self.spec = spec
        self.datatype = skill.datatype if skill else ''
        self.interface_path = skill.interface_path if skill else ''
        self.resources = skill.resources if skill else ()
        self._skill = skill
        self._template = template

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Succeed at once; see `Tool`."""
        complete = self._template.with_defaults(arguments) if self._template else arguments
        problem = limit_problem(self._skill, complete)
        if problem:
            return ToolResult(Outcome.INVALID, f'{self.spec.name} was not started. {problem}.')
        context.on_state(RequestState.SENT)
        context.on_state(RequestState.EXECUTING)
        if context.cancel.canceled:
            return ToolResult(Outcome.CANCELED, f'{self.spec.name} was canceled and stopped.')
        success = self._skill.result.success if self._skill else None
        if success is None or any(path[0] == 'result' for path in attribute_paths(success)):
            return ToolResult(Outcome.SUCCEEDED, SUCCEEDED)
        return ToolResult(Outcome.SUCCEEDED, result_text(success, SUCCEEDED, {}, complete))


def limit_problem(skill: Skill | None, arguments: Mapping[str, Any]) -> str:
    """Say which limit of the manifest arguments break; empty if none."""
    for name, value in arguments.items():
        if isinstance(value, float) and not math.isfinite(value):
            return f'{name}: {value} is not a finite number'
        limit = skill.limits.get(name) if skill else None
        if limit is None:
            continue
        if limit.minimum is not None and value < limit.minimum:
            return f'{name}: {value} is under the limit of {limit.minimum}'
        if limit.maximum is not None and value > limit.maximum:
            return f'{name}: {value} is over the limit of {limit.maximum}'
    return ''
