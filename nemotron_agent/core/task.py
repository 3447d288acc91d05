"""A command on its way through the agent, and what comes of it."""

import dataclasses
import enum
import uuid

from nemotron_agent.core.cancel_token import CancelReason
from nemotron_agent.core.chat_model import Usage
from nemotron_agent.core.gate import Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool import ToolResult


@dataclasses.dataclass(frozen=True)
class Task:
    """A command in words.

    Attributes:
        text: the command.
        conversation_id: conversation it belongs to.
        origin: who asks, such as `action`, `topic:command`.
        priority: higher goes first and preempts lower.
        thinking: when to reason; None is the agent's default.
        timeout_sec: limit from submission to the end [s]; None is the agent's own.
        id: unique; the record and every request of the task name it.
    """

    text: str
    conversation_id: str
    origin: str
    priority: int = 0
    thinking: Thinking | None = None
    timeout_sec: float | None = None
    id: str = dataclasses.field(default_factory=lambda: uuid.uuid4().hex)


class TaskStatus(enum.Enum):
    """How a task ended; the values match the error codes of `ExecuteTask`."""

    DONE = 0
    NOT_ACTIVE = 1
    INVALID_TASK = 2
    QUEUE_FULL = 3
    CANCELED = 4
    PREEMPTED = 5
    TIMED_OUT = 6
    STEP_LIMIT = 7
    MODEL_ERROR = 8
    CONTEXT_FULL = 9
    DECLINED = 10
    INTERNAL = 11
    STOPPED = 12

    @classmethod
    def of_cancel(cls, reason: CancelReason | None) -> 'TaskStatus':
        """The status of a task that was cancelled."""
        if reason is CancelReason.PREEMPTED:
            return cls.PREEMPTED
        if reason is CancelReason.TIMED_OUT:
            return cls.TIMED_OUT
        if reason is CancelReason.STOPPED:
            return cls.STOPPED
        return cls.CANCELED


@dataclasses.dataclass(frozen=True)
class CallRecord:
    """A call, the gate's verdict, its result and how long it took [s].

    Attributes:
        skipped: the loop did not pass it on: it repeats what was done, or is not what the command
            asks for.
    """

    request_id: str
    call: ToolCall
    verdict: Verdict
    verdict_reason: str
    result: ToolResult
    duration_sec: float
    skipped: bool = False


@dataclasses.dataclass(frozen=True)
class TaskStats:
    """What a task cost; times in seconds from its start, None where it never came to that."""

    turns: int = 0
    usage: Usage = Usage()
    time_to_first_token_sec: float | None = None
    time_to_first_request_sec: float | None = None
    duration_sec: float = 0.0


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """How a task ended.

    Attributes:
        error: what went wrong and what to do; empty if done.
        answer: what to tell the operator.
        awaits_reply: the answer is a question.
        calls: every call of the task, in order.
    """

    status: TaskStatus
    error: str = ''
    answer: str = ''
    awaits_reply: bool = False
    calls: tuple[CallRecord, ...] = ()
    stats: TaskStats = TaskStats()
