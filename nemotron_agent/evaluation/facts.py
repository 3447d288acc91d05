"""What happened in a turn: all that a score or a report is made of, as JSON values."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.task import TaskResult, TaskStatus
from nemotron_agent.core.tool import Outcome


@dataclasses.dataclass(frozen=True)
class CallFacts:
    """A call.

    Attributes:
        outcome: value of its `Outcome`.
        text: what the model was told.
        builtin: it is answer, ask_operator or decline.
        skipped: as in `CallRecord`.
    """

    tool: str
    arguments: dict[str, Any]
    outcome: str
    text: str = ''
    builtin: bool = False
    skipped: bool = False

    @property
    def refused(self) -> bool:
        """Whether it could not be run as it stood."""
        return self.outcome == Outcome.INVALID.value and not self.skipped

    def __str__(self) -> str:
        values = ', '.join(f'{k}: {v!r}' for k, v in self.arguments.items())
        return f'{self.tool}({values})'


@dataclasses.dataclass(frozen=True)
class TurnFacts:
    """A turn.

    Attributes:
        end: `answer`, `ask`, `decline`, or the name of the status a task failed with.
        answer: what was said to the operator.
        error: why the task failed.
        unparsed: replies that meant to call and could not be read, or were empty.
        out_of_bounds: calls that ran with arguments their schema forbids.
        crash: an error of ours that ended the turn, or of a skill; empty if none.
        state: the simulated robot at the end; None where there is none.
        first_request_sec, first_token_sec, duration_sec: times from the command on.
        replies: asked of the model.
    """

    calls: tuple[CallFacts, ...] = ()
    end: str = 'answer'
    answer: str = ''
    error: str = ''
    unparsed: int = 0
    out_of_bounds: int = 0
    crash: str = ''
    state: dict[str, Any] | None = None
    first_request_sec: float | None = None
    first_token_sec: float | None = None
    duration_sec: float = 0.0
    replies: int = 0
    prompt_tokens: int = 0
    reused_tokens: int = 0
    generated_tokens: int = 0

    @property
    def skill_calls(self) -> tuple[CallFacts, ...]:
        """Calls of skills that count."""
        return tuple(call for call in self.calls if not call.builtin and not call.skipped)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> 'TurnFacts':
        """What `to_json` gave, perhaps of another version."""
        known = {field.name for field in dataclasses.fields(cls)}
        calls = tuple(CallFacts(**call) for call in values['calls'])
        return cls(**{**{k: v for k, v in values.items() if k in known}, 'calls': calls})


def end_of(result: TaskResult, speaks_freely: bool) -> str:
    """Say how a task ended.

    Args:
        result: of the task.
        speaks_freely: the model answers in plain text, so that a question needs no tool.
    """
    if result.status is TaskStatus.DECLINED:
        return 'decline'
    if result.status is not TaskStatus.DONE:
        return result.status.name.lower()
    asks = speaks_freely and result.answer.rstrip().endswith('?')
    return 'ask' if result.awaits_reply or asks else 'answer'
