"""A model that answers a conversation: the protocol the loop works with."""

import dataclasses
import enum
from collections.abc import Callable, Mapping
from typing import Protocol

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.messages import Message
from nemotron_agent.core.said import Said
from nemotron_agent.core.tool import ToolSpec


class ReplyProtocol(enum.Enum):
    """What a reply looks like.

    CALL_ONLY: each reply is exactly one call; answering is itself a tool.
    NATIVE: free text, until the model begins a call by its own token.
    """

    CALL_ONLY = 'call_only'
    NATIVE = 'native'


class StopReason(enum.Enum):
    """Why a reply ended."""

    END = 'end'
    CALL = 'call'
    LENGTH = 'length'
    CANCELED = 'canceled'


class Phase(enum.Enum):
    """What a model is doing while it replies."""

    PREFILL = 'prefill'
    THINKING = 'thinking'
    ANSWERING = 'answering'
    CALLING = 'calling'


@dataclasses.dataclass(frozen=True)
class Usage:
    """What replies cost: tokens, with `prompt = reused + new`, and time without overlap [s]."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    new_tokens: int = 0
    generated_tokens: int = 0
    decode_calls: int = 0
    prefill_sec: float = 0.0
    generation_sec: float = 0.0

    def __add__(self, other: 'Usage') -> 'Usage':
        pairs = zip(dataclasses.astuple(self), dataclasses.astuple(other), strict=True)
        return Usage(*(a + b for a, b in pairs))

    @property
    def tokens_per_sec(self) -> float:
        """Speed of generation [1/s], 0 if nothing was generated."""
        return self.generated_tokens / self.generation_sec if self.generation_sec > 0 else 0.0


@dataclasses.dataclass(frozen=True)
class ReplyProgress:
    """A piece of a reply.

    Attributes:
        phase: what the model is doing.
        text: next piece of reasoning (THINKING) or of what is said to the operator (ANSWERING);
            empty in the other phases.
        evaluated_tokens: in PREFILL, new tokens of the prompt evaluated so far.
        new_tokens: in PREFILL, new tokens to evaluate in all.
    """

    phase: Phase
    text: str = ''
    evaluated_tokens: int = 0
    new_tokens: int = 0


@dataclasses.dataclass(frozen=True)
class ChatRequest:
    """A conversation to go on with.

    Attributes:
        messages: all of it; the first may be the system's.
        tools: what may be called, in the order to show them.
        thinking: whether to reason first.
        priority: higher is served first.
        max_tokens: limit for the reply; None is the model's own.
        withheld: names of tools that are told of and may not be called in this reply.
        said: what values are to be taken from; a model may leave that aside.
    """

    conversation_id: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    thinking: bool = False
    priority: int = 0
    max_tokens: int | None = None
    withheld: frozenset[str] = frozenset()
    said: Said = Said()

    @property
    def callable_tools(self) -> tuple[ToolSpec, ...]:
        """What may be called."""
        return tuple(tool for tool in self.tools if tool.name not in self.withheld)


@dataclasses.dataclass(frozen=True)
class CallCertainty:
    """How sure a model was of its call: probabilities among what it might have written instead.

    Attributes:
        tool: of the tool.
        arguments: of values, by argument: of a listed value all of it, of a number its first
            digit; free text has none.
    """

    tool: float
    arguments: Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class ModelReply:
    """A reply.

    Attributes:
        message: the assistant's message, with its call if it made one.
        problem: what is wrong with a reply that meant to call and failed; empty otherwise.
            The message then holds the raw text.
        certainty: how sure the model was of the call; None where it cannot tell.
    """

    message: Message
    stop_reason: StopReason
    usage: Usage
    problem: str = ''
    certainty: CallCertainty | None = None


@dataclasses.dataclass(frozen=True)
class ContextSize:
    """What the memory of a model's context depends on.

    Attributes:
        n_ctx: tokens it holds.
        snapshot_slots: states it keeps besides the one that is evaluated further.
    """

    n_ctx: int
    snapshot_slots: int


@dataclasses.dataclass(frozen=True)
class MemoryUse:
    """What a model in this process takes, and what was planned; bytes.

    Attributes:
        buffers: of the runtime, for weights and context.
        context: of these, what goes with the size of the context.
        planned_buffers: as planned before loading; 0 if nothing was.
        planned_process: most memory that the process was planned to hold; 0 if nothing was.
        planned_needed: the same without what the system takes back when memory is short.
        mapped: pages of the model file that are used all the time, as planned.
    """

    buffers: int
    context: int
    planned_buffers: int = 0
    planned_process: int = 0
    planned_needed: int = 0
    mapped: int = 0


class ChatModel(Protocol):
    """A model. `reply` may be called from any thread."""

    @property
    def name(self) -> str:
        """Name for people and the record."""

    @property
    def reply_protocol(self) -> ReplyProtocol:
        """What its replies look like."""

    @property
    def n_ctx(self) -> int:
        """Tokens its context holds."""

    def reply_reserve(self, thinking: bool) -> int:
        """Tokens of the context that a prompt must leave to a reply, with reasoning or without."""

    @property
    def min_support(self) -> float | None:
        """Support by a command below which `Doubts` hold back a call; None doubts no call."""

    def count_tokens(self, request: ChatRequest) -> int | None:
        """Tokens of a request's prompt; None if the model cannot tell.

        It does not wait for replies, and evaluates nothing.

        Raises:
            ModelError: the prompt cannot be written.
        """

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        """Go on with a conversation.

        A cancel ends it soon with StopReason.CANCELED. `on_progress` is called from the model's
        thread and must return at once.

        Raises:
            ContextFullError: the prompt does not fit.
            ModelError: it could not be evaluated.
        """

    def prepare(
        self, system: Message | None, tools: tuple[ToolSpec, ...], thinking: bool = False
    ) -> None:
        """Begin to make ready what every conversation begins with; returns at once."""

    def log_likelihood(self, text: str, after: str, cancel: CancelToken) -> float | None:
        """Natural logarithm of the probability that `text` follows other text.

        None if the model cannot tell, or was canceled.

        Raises:
            ModelError: it could not be evaluated.
        """

    @property
    def context_size(self) -> ContextSize | None:
        """Size of its context; None if it holds none in this process."""

    @property
    def memory_use(self) -> MemoryUse | None:
        """What it takes; None if it holds no context in this process."""

    def resize(self, size: ContextSize) -> None:
        """Give it a context of another size, between two replies.

        What was evaluated is lost and read again when it is needed; no conversation is.

        Raises:
            ModelError: no memory for it. It then has the old size, or the least, or is of no use.
        """

    def forget(self, conversation_id: str) -> None:
        """Drop what is kept for a conversation."""

    def close(self) -> None:
        """Free everything; may be called twice."""


class RepliesOnly:
    """What a `ChatModel` does that can only reply: it counts, prepares and estimates nothing."""

    def reply_reserve(self, thinking: bool) -> int:
        """It says itself when a prompt leaves too little."""
        return 0

    @property
    def min_support(self) -> float | None:
        """Without likelihoods nothing is held back."""
        return None

    def count_tokens(self, request: ChatRequest) -> int | None:
        """It cannot tell."""
        return None

    def prepare(
        self, system: Message | None, tools: tuple[ToolSpec, ...], thinking: bool = False
    ) -> None:
        """Nothing is made ready."""

    def log_likelihood(self, text: str, after: str, cancel: CancelToken) -> float | None:
        """It cannot tell."""
        return None

    @property
    def context_size(self) -> ContextSize | None:
        """It holds none in this process."""
        return None

    @property
    def memory_use(self) -> MemoryUse | None:
        """It takes next to nothing."""
        return None

    def resize(self, size: ContextSize) -> None:
        """There is nothing to resize."""
