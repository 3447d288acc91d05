"""A model whose replies are watched."""

from collections.abc import Callable

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatModel,
    ChatRequest,
    ContextSize,
    MemoryUse,
    ModelReply,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
)
from nemotron_agent.core.errors import ContextFullError, ModelError
from nemotron_agent.core.messages import Message
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.evaluation.observation import Observation


class WatchedModel:
    """A `ChatModel` that passes everything on and notes replies that are none.

    Attributes:
        observation: of the turn that runs now.
    """

    def __init__(self, model: ChatModel) -> None:
        self.observation = Observation()
        self._model = model

    @property
    def name(self) -> str:
        """Name of the model."""
        return self._model.name

    @property
    def reply_protocol(self) -> ReplyProtocol:
        """What its replies look like."""
        return self._model.reply_protocol

    @property
    def n_ctx(self) -> int:
        """Tokens its context holds."""
        return self._model.n_ctx

    @property
    def min_support(self) -> float | None:
        """Support below which a call is held back."""
        return self._model.min_support

    def reply_reserve(self, thinking: bool) -> int:
        """Tokens to leave to a reply."""
        return self._model.reply_reserve(thinking)

    def count_tokens(self, request: ChatRequest) -> int | None:
        """Tokens of a prompt; see `ChatModel`."""
        return self._model.count_tokens(request)

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        """Go on with a conversation; see `ChatModel`."""
        try:
            reply = self._model.reply(request, on_progress, cancel)
        except ContextFullError:
            raise
        except ModelError as error:
            self.observation.crashed(error)
            raise
        silent = not (reply.message.tool_call or reply.message.content.strip())
        if reply.problem or (silent and reply.stop_reason is not StopReason.CANCELED):
            self.observation.unparsed += 1
        return reply

    def prepare(
        self, system: Message | None, tools: tuple[ToolSpec, ...], thinking: bool = False
    ) -> None:
        """Begin to make ready what every conversation begins with."""
        self._model.prepare(system, tools, thinking)

    def log_likelihood(self, text: str, after: str, cancel: CancelToken) -> float | None:
        """How likely a text is; see `ChatModel`."""
        return self._model.log_likelihood(text, after, cancel)

    @property
    def context_size(self) -> ContextSize | None:
        """Size of its context."""
        return self._model.context_size

    @property
    def memory_use(self) -> MemoryUse | None:
        """What it takes."""
        return self._model.memory_use

    def resize(self, size: ContextSize) -> None:
        """Give it a context of another size; see `ChatModel`."""
        self._model.resize(size)

    def forget(self, conversation_id: str) -> None:
        """Drop what is kept for a conversation."""
        self._model.forget(conversation_id)

    def close(self) -> None:
        """Free everything; may be called twice."""
        self._model.close()
