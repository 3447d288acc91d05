"""The fast path: phrases are answered by calls, without a language model."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from nemotron_agent.core.builtin_tools import ANSWER, MAX_SPOKEN_CHARACTERS
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatRequest,
    ModelReply,
    Phase,
    RepliesOnly,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
    Usage,
)
from nemotron_agent.core.disabled_note import without_disabled_note
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.phrases import PhraseEntry, Phrases, phrase_in


class PhraseModel(RepliesOnly):
    """A `ChatModel` that replies to a phrase with its call, and to the call's result with it.

    So a phrase takes the way of every command: the agent's loop, the gate, the record; and its
    turn looks in the conversation as if the model had made it.

    Args:
        phrases: what it can reply to.
        reply_protocol: of the model whose conversations it takes part in.
        n_ctx: tokens of that model's context.
    """

    name = 'phrases'

    def __init__(self, phrases: Phrases, reply_protocol: ReplyProtocol, n_ctx: int) -> None:
        self.reply_protocol = reply_protocol
        self.n_ctx = n_ctx
        self._phrases = phrases

    def entry(self, text: str) -> PhraseEntry | None:
        """The phrase that a command is, if it is one."""
        return phrase_in(text, self._phrases)

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        """Reply to the last message.

        Raises:
            EvaluationError: it is no phrase.
        """
        last = request.messages[-1]
        if last.role == 'tool':
            return self._answer(last.content, on_progress)
        entry = self.entry(without_disabled_note(last.content))
        if entry is None:
            raise EvaluationError(f'"{last.content[:200]}" is none of the phrases')
        return _calls(entry.skill, entry.arguments)

    def forget(self, conversation_id: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""

    def _answer(self, text: str, on_progress: Callable[[ReplyProgress], None]) -> ModelReply:
        said = text[:MAX_SPOKEN_CHARACTERS]
        on_progress(ReplyProgress(Phase.ANSWERING, said))
        if self.reply_protocol is ReplyProtocol.NATIVE:
            return ModelReply(Message('assistant', said), StopReason.END, Usage())
        return _calls(ANSWER.spec.name, {ANSWER.spec.spoken_parameter: said})


def _calls(name: str, arguments: Mapping[str, Any]) -> ModelReply:
    call = ToolCall(uuid.uuid4().hex, name, arguments)
    return ModelReply(Message('assistant', '', tool_call=call), StopReason.CALL, Usage())
