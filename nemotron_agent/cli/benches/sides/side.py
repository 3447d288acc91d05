"""An engine that carries on conversations, and says what each reply cost."""

import dataclasses
from collections.abc import Sequence
from typing import Protocol

from nemotron_agent.core.chat_model import Usage
from nemotron_agent.core.messages import Message
from nemotron_agent.core.tool import ToolSpec

TEMPERATURE = 0.0
MAX_REPLY_TOKENS = 64
MAX_THINKING_TOKENS = 64


@dataclasses.dataclass(frozen=True)
class SideReply:
    """A reply and what it cost.

    Attributes:
        message: what was said, with its call if there was one.
        prompt: tokens of the prompt.
        evaluated: tokens evaluated by the end of the reply, in order, from the first on.
        new_tokens: how many tokens of the prompt were evaluated for it.
        usage: what else is known.
    """

    message: Message
    prompt: Sequence[int]
    evaluated: Sequence[int]
    new_tokens: int
    usage: Usage | None = None


class Side(Protocol):
    """An engine with a model and tools."""

    @property
    def name(self) -> str:
        """What figures call it."""

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        """What every request names."""

    def reply(
        self, conversation_id: str, messages: Sequence[Message], *, thinking: bool
    ) -> SideReply:
        """Go on with a conversation."""

    def close(self) -> None:
        """Free everything; may be called twice."""
