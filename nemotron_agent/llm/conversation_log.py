"""What was really decoded, for each conversation."""

import collections
import dataclasses
from collections.abc import Sequence

from nemotron_agent.core.messages import Message
from nemotron_agent.core.tool import ToolSpec


@dataclasses.dataclass(frozen=True)
class ReplyEnd:
    """The end of a reply: the messages up to it are the first `n_tokens` of the log."""

    n_messages: int
    n_tokens: int


@dataclasses.dataclass
class ConversationLog:
    """Tokens of a conversation as they were decoded, never tokenised again.

    Attributes:
        tools: what the prompt told of.
        messages: what the tokens say; the last reply is among them once it has ended.
        tokens: prompt and replies, without the token that ended a generation.
        reply_ends: where the tokens and the messages are known to agree.
    """

    tools: tuple[ToolSpec, ...]
    messages: tuple[Message, ...]
    tokens: list[int]
    reply_ends: tuple[ReplyEnd, ...] = ()

    def shared_ends(
        self, messages: Sequence[Message], tools: tuple[ToolSpec, ...]
    ) -> tuple[ReplyEnd, ...]:
        """The reply ends up to which another prompt is the same conversation."""
        if tools != self.tools:
            return ()
        shared = 0
        for ours, theirs in zip(self.messages, messages, strict=False):
            if ours != theirs:
                break
            shared += 1
        return tuple(end for end in self.reply_ends if end.n_messages <= shared)

    def end_reply(self, message: Message) -> None:
        """Take the reply whose tokens were just decoded."""
        self.messages = (*self.messages, message)
        end = ReplyEnd(len(self.messages), len(self.tokens))
        self.reply_ends = (*self.reply_ends, end)


class ConversationLogs:
    """Logs by conversation, at most `capacity`; the one used longest ago gives way."""

    def __init__(self, capacity: int = 64) -> None:
        self._capacity = capacity
        self._logs: collections.OrderedDict[str, ConversationLog] = collections.OrderedDict()

    def get(self, conversation_id: str) -> ConversationLog | None:
        """The log of a conversation, if there is one."""
        return self._logs.get(conversation_id)

    def put(self, conversation_id: str, log: ConversationLog) -> None:
        """Keep a log."""
        self._logs[conversation_id] = log
        self._logs.move_to_end(conversation_id)
        while len(self._logs) > self._capacity:
            self._logs.popitem(last=False)

    def forget(self, conversation_id: str) -> None:
        """Drop a log."""
        self._logs.pop(conversation_id, None)
