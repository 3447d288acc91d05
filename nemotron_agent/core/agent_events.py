"""What a running task reports, as it happens."""

import dataclasses
from collections.abc import Callable

from nemotron_agent.core.chat_model import ReplyProgress
from nemotron_agent.core.compacted import ContextCompacted
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.task import CallRecord
from nemotron_agent.core.tool import RequestState, SkillFeedback


@dataclasses.dataclass(frozen=True)
class Queued:
    """The task waits; `position` tasks go before it."""

    position: int


@dataclasses.dataclass(frozen=True)
class ModelProgressed:
    """The model read, thought or said a piece."""

    progress: ReplyProgress


@dataclasses.dataclass(frozen=True)
class ToolCalled:
    """The model called a tool."""

    call: ToolCall


@dataclasses.dataclass(frozen=True)
class CallWaits:
    """The gate keeps a call waiting: CONFIRM for an operator, PENDING for a resource."""

    call: ToolCall
    state: RequestState
    text: str


@dataclasses.dataclass(frozen=True)
class SkillProgressed:
    """A skill reported progress."""

    call: ToolCall
    feedback: SkillFeedback


@dataclasses.dataclass(frozen=True)
class CallEnded:
    """A call has its result."""

    record: CallRecord


@dataclasses.dataclass(frozen=True)
class ResultShortened:
    """A tool's result was too long for the model, which was told head and tail of it."""

    tool: str
    characters: int
    kept_characters: int

    @property
    def text(self) -> str:
        """For people."""
        return (
            f'the model was told {self.kept_characters} of the {self.characters} characters of '
            f'the result of {self.tool}'
        )


AgentEvent = (
    Queued
    | ModelProgressed
    | ToolCalled
    | CallWaits
    | SkillProgressed
    | CallEnded
    | ContextCompacted
    | ResultShortened
)
EventSink = Callable[[AgentEvent], None]
