"""What the skills of all three kinds of interface have in common."""

import dataclasses
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from nemotron_agent.core.tool import CallContext, Outcome, ToolResult, ToolSpec
from nemotron_agent.ros.message_conversion import FieldError, message_from_dict, message_to_dict
from nemotron_agent.ros.waiting import WaitLimits, early_end, wait_until
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.skills.result_text import result_text, summary
from nemotron_agent.skills.skill import Skill

logger = logging.getLogger(__name__)

Result = TypeVar('Result')

MAX_RESULT_ITEMS = 20
MAX_RESULT_CHARACTERS = 1000


@dataclasses.dataclass(frozen=True)
class BoundSkill:
    """A skill, the tool the model sees of it, and how its requests are filled."""

    skill: Skill
    spec: ToolSpec
    template: RequestTemplate


@dataclasses.dataclass(frozen=True)
class ReadyRequest:
    """A request whose taker is there.

    Attributes:
        message: to send.
        timeout_sec: what the run was given [s].
        deadline: when that ends, by `time.monotonic`.
    """

    message: Any
    timeout_sec: float
    deadline: float


class RosSkill:
    """A tool backed by a ROS interface; its kinds add `run` and `close`.

    Args:
        bound: the skill.
        interface_path: resolved name of the interface.
        limits: how long to wait for what.
    """

    def __init__(self, bound: BoundSkill, interface_path: str, limits: WaitLimits) -> None:
        self.skill = bound.skill
        self.spec = bound.spec
        self.datatype = bound.skill.datatype
        self.interface_path = interface_path
        self.resources = bound.skill.resources
        self._template = bound.template
        self._limits = limits

    def __repr__(self) -> str:
        return f'<{type(self).__name__} {self.skill.id} on {self.interface_path}>'

    def prepare(
        self,
        message_class: Any,
        arguments: Mapping[str, Any],
        context: CallContext,
        is_ready: Callable[[], bool],
        absence: str,
        is_closing: Callable[[], bool] = lambda: False,
    ) -> ReadyRequest | ToolResult:
        """Make the request and wait for who takes it; the result of a run that ends before.

        Args:
            message_class: of the request.
            arguments: that fit the schema.
            context: of the run.
            is_ready: whether somebody takes the request now.
            absence: what to say if nobody does in time.
            is_closing: whether to wait no longer.
        """
        try:
            message = self._request(message_class, arguments)
        except FieldError as error:
            return ToolResult(Outcome.INVALID, f'{self.skill.id} was not started. {error}.')
        timeout_sec = context.timeout_sec or self.skill.timeout_sec
        deadline = time.monotonic() + timeout_sec
        if wait_until(
            is_ready,
            min(self._limits.server_sec, timeout_sec),
            lambda: context.cancel.canceled or is_closing(),
        ):
            return ReadyRequest(message, timeout_sec, deadline)
        if context.cancel.canceled:
            return self.not_started(context)
        return ToolResult(Outcome.UNAVAILABLE, f'{self.skill.id} cannot be used now: {absence}.')

    def _request(self, message_class: Any, arguments: Mapping[str, Any]) -> Any:
        """Make the message for arguments that fit the schema.

        Raises:
            FieldError: a value does not fit its field, is not finite, or is out of its limits.
        """
        complete = self._template.with_defaults(arguments)
        for name, value in complete.items():
            if isinstance(value, int | float):
                self._check_number(name, value)
        return message_from_dict(message_class, self._template.fill(arguments))

    def _check_number(self, name: str, value: int | float) -> None:
        if isinstance(value, float) and not math.isfinite(value):
            raise FieldError(name, f'{value} is not a finite number')
        limit = self.skill.limits.get(name)
        if limit is None:
            return
        if limit.minimum is not None and value < limit.minimum:
            raise FieldError(name, f'{value} is under the limit of {limit.minimum}')
        if limit.maximum is not None and value > limit.maximum:
            raise FieldError(name, f'{value} is over the limit of {limit.maximum}')

    def begin(self, context: CallContext, action: Callable[[], Result]) -> Result | None:
        """Send what moves the robot; None, and nothing is sent, if the run was told to end."""

        def send() -> Result:
            sent = action()
            logger.debug('%s: sent', self.skill.id)
            return sent

        return context.cancel.unless_canceled(send)

    def not_started(self, context: CallContext) -> ToolResult:
        """Make the result of a run that was told to end before it had asked for anything."""
        outcome, word = early_end(context.cancel)
        return ToolResult(outcome, f'{self.skill.id} {word} before it started.')

    def data_of(self, message: Any) -> dict[str, Any]:
        """Make JSON values of a result message, long ones cut."""
        return message_to_dict(message, MAX_RESULT_ITEMS, MAX_RESULT_CHARACTERS)

    def succeeded(self, result: Mapping[str, Any], arguments: Mapping[str, Any]) -> ToolResult:
        """Make the result of a success."""
        told = summary(result)
        fallback = f'{self.skill.id} is done{": " + told if told else ""}.'
        complete = self._template.with_defaults(arguments)
        text = result_text(self.skill.result.success, fallback, result, complete)
        return ToolResult(Outcome.SUCCEEDED, text, result)

    def failed(
        self,
        outcome: Outcome,
        reason: str,
        result: Mapping[str, Any],
        arguments: Mapping[str, Any],
    ) -> ToolResult:
        """Make the result of a failure that the robot reported."""
        fallback = f'{self.skill.id} failed: {reason}.'
        complete = self._template.with_defaults(arguments)
        text = result_text(self.skill.result.failure, fallback, result, complete)
        return ToolResult(outcome, text, result)
