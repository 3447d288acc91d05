"""What was called in the turns of a conversation."""

from collections.abc import Iterator

from nemotron_agent.core.conversation import Turn
from nemotron_agent.core.messages import ToolCall

# What the text to the model begins with where a call was held back.
NOT_DONE = 'Not done: '


def calls_of(turn: Turn) -> Iterator[ToolCall]:
    """The calls of a turn that were passed on and came back with a result, in order."""
    for message, reply in zip(turn, turn[1:], strict=False):
        call = message.tool_call
        if call and reply.role == 'tool' and not reply.content.startswith(NOT_DONE):
            yield call
