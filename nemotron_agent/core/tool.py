"""A tool: what the model sees of a skill, and how it is run."""

import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from nemotron_agent.core.cancel_token import CancelToken


class Outcome(enum.Enum):
    """How a call ended, in the words of ROS actions.

    UNKNOWN: it was told to end, and its server did not confirm that: the robot may still move.
    """

    SUCCEEDED = 'succeeded'
    REJECTED = 'rejected'
    ABORTED = 'aborted'
    CANCELED = 'canceled'
    TIMED_OUT = 'timed out'
    UNAVAILABLE = 'unavailable'
    INVALID = 'invalid'
    UNKNOWN = 'unknown'


@dataclasses.dataclass(frozen=True)
class ToolSpec:
    """What the model is told of a tool.

    Attributes:
        name: unique among the tools; letters, digits, `_`.
        description: what it does, one or two sentences.
        parameters: JSON Schema (2020-12) of type object, one level of properties,
            `additionalProperties` false.
        builtin: answer, ask_operator and decline: they move nothing.
        ends_task: the call is the task's end; it has no result for the model.
        reads: it only reads what the robot says, and moves nothing.
        spoken_parameter: the string argument that is said to the operator, streamed as it comes.
        aliases: by listed value, other words for it; they are not shown to the model.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]
    builtin: bool = False
    ends_task: bool = False
    reads: bool = False
    spoken_parameter: str = ''
    aliases: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


class RequestState(enum.Enum):
    """States of a request to the robot; they match the constants of `ActionRequest`."""

    PENDING = 0
    CONFIRM = 1
    SENT = 2
    EXECUTING = 3
    CANCELING = 4
    SUCCEEDED = 5
    REJECTED = 6
    ABORTED = 7
    CANCELED = 8
    TIMED_OUT = 9
    UNAVAILABLE = 10
    DENIED = 11
    UNKNOWN = 12


EndSink = Callable[[RequestState, str], None]


@dataclasses.dataclass(frozen=True)
class ToolResult:
    """What came of a call.

    Attributes:
        text: for the model.
        data: for programs (JSON values).
        tell_end: where the outcome is UNKNOWN, has a sink told how the run ended once that is
            known: a state from SUCCEEDED on and a text. It may come in any thread, or never.
    """

    outcome: Outcome
    text: str
    data: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    tell_end: Callable[[EndSink], None] | None = dataclasses.field(
        default=None, compare=False, repr=False
    )


@dataclasses.dataclass(frozen=True)
class SkillFeedback:
    """A piece of progress: `text` for people, `progress` from 0 to 1, or None where unknown."""

    text: str
    progress: float | None = None


def _ignore(_: object) -> None:
    """Take and drop."""


@dataclasses.dataclass(frozen=True)
class CallContext:
    """What a tool's run may know and use.

    Attributes:
        request_id: unique id of the request.
        cancel: set when the run is to end; it must end soon after, and end what it started.
        on_feedback: takes progress; may be called from any thread, returns at once.
        on_state: takes SENT, EXECUTING and CANCELING as they are reached.
        timeout_sec: overrides the skill's own limit [s].
        on_goal_id: takes the id of the ROS goal once it is sent, in hexadecimal digits.
    """

    request_id: str
    cancel: CancelToken = dataclasses.field(default_factory=CancelToken)
    on_feedback: Callable[[SkillFeedback], None] = _ignore
    on_state: Callable[[RequestState], None] = _ignore
    timeout_sec: float | None = None
    on_goal_id: Callable[[str], None] = _ignore


class Tool(Protocol):
    """Anything that can be called. What the robot does is never raised: it is a result."""

    @property
    def spec(self) -> ToolSpec:
        """What the model is told."""

    @property
    def datatype(self) -> str:
        """ROS type behind it; empty for a built-in."""

    @property
    def interface_path(self) -> str:
        """Resolved name of the action, service or topic; empty for a built-in."""

    @property
    def resources(self) -> tuple[str, ...]:
        """What a run needs for itself, such as `base`."""

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Do it and wait for the end. Arguments fit the schema."""
