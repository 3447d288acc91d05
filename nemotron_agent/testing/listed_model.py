"""A chat model that gives listed replies in turn."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatRequest,
    ContextSize,
    MemoryUse,
    ModelReply,
    Phase,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
    Usage,
)
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.tool import ToolSpec

Listed = ModelReply | Exception


def says(text: str) -> ModelReply:
    """Make a reply in free text."""
    return ModelReply(Message('assistant', text), StopReason.END, _COST)


def calls(name: str, **arguments: Any) -> ModelReply:
    """Make a reply that calls a tool."""
    call = ToolCall(uuid.uuid4().hex, name, arguments)
    return ModelReply(Message('assistant', '', tool_call=call), StopReason.CALL, _COST)


def fumbles(text: str, problem: str) -> ModelReply:
    """Make a reply that meant to call and failed."""
    return ModelReply(Message('assistant', text), StopReason.LENGTH, _COST, problem)


class ListedModel:
    """A `ChatModel` that gives the listed replies, or raises the listed errors, one a request.

    Args:
        replies: what to give.
        reply_protocol: what to claim.
        before_reply: called before each reply with the request's cancel, in the caller's thread.

    Attributes:
        requests: what it was asked, in order.
        prepared: what it was told to make ready.
        likelihoods: what `log_likelihood` gives, by a piece of it and what goes before.
        forgotten: conversations it was told to forget.
        closed: whether it was closed.
    """

    name = 'listed'
    n_ctx = 4096
    context_size: ContextSize | None = None
    memory_use: MemoryUse | None = None

    def __init__(
        self,
        replies: Iterable[Listed],
        reply_protocol: ReplyProtocol = ReplyProtocol.CALL_ONLY,
        before_reply: Callable[[CancelToken], object] = lambda cancel: None,
    ) -> None:
        self.reply_protocol = reply_protocol
        self.requests: list[ChatRequest] = []
        self.prepared: list[tuple[Message | None, tuple[ToolSpec, ...], bool]] = []
        self.forgotten: list[str] = []
        self.likelihoods: dict[str, float] = {}
        self.min_support: float | None = None
        self.closed = False
        self._replies = list(replies)
        self._before_reply = before_reply

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        """Give the next reply of the list."""
        self.requests.append(request)
        on_progress(ReplyProgress(Phase.PREFILL, evaluated_tokens=1, new_tokens=1))
        self._before_reply(cancel)
        if cancel.canceled:
            return ModelReply(Message('assistant', ''), StopReason.CANCELED, _COST)
        if not self._replies:
            raise EvaluationError('the list of replies has ended')
        listed = self._replies.pop(0)
        if isinstance(listed, Exception):
            raise listed
        on_progress(ReplyProgress(Phase.ANSWERING, listed.message.content))
        return listed

    def reply_reserve(self, thinking: bool) -> int:
        """It needs no room."""
        return 0

    def count_tokens(self, request: ChatRequest) -> int | None:
        """It cannot tell."""
        return None

    def prepare(
        self, system: Message | None, tools: tuple[ToolSpec, ...], thinking: bool = False
    ) -> None:
        """Note it."""
        self.prepared.append((system, tools, thinking))

    def log_likelihood(self, text: str, after: str, cancel: CancelToken) -> float | None:
        """Give the likelihood listed for the first piece that `after` and `text` hold together."""
        whole = after + text
        return next((value for piece, value in self.likelihoods.items() if piece in whole), None)

    def resize(self, size: ContextSize) -> None:
        """Take the size."""
        self.context_size = size

    def forget(self, conversation_id: str) -> None:
        """Note it."""
        self.forgotten.append(conversation_id)

    def close(self) -> None:
        """Note it."""
        self.closed = True


_COST = Usage(prompt_tokens=10, reused_tokens=4, new_tokens=6, generated_tokens=2, decode_calls=3)
