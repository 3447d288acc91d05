"""What the model is shown of a conversation, as it is kept."""

import dataclasses
import json

from nemotron_agent.archive.column_json import dump
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_json import conversation_from_json, conversation_to_json


@dataclasses.dataclass(frozen=True)
class Window:
    """A conversation as the model sees it now.

    Attributes:
        messages: their number.
        tokens: size in the model's tokens as of the last turn.
        text: JSON, as `read_window` reads it.
    """

    messages: int
    tokens: int
    text: str


def window_of(conversation: Conversation) -> Window:
    """Take what is to be kept of a conversation."""
    text = dump(conversation_to_json(conversation))
    return Window(len(conversation.messages), conversation.tokens, text)


def read_window(conversation_id: str, tokens: int, text: str) -> Conversation:
    """Make the conversation again.

    Raises:
        ValueError, KeyError, TypeError: the text is not one of `window_of`.
    """
    return conversation_from_json(conversation_id, json.loads(text), tokens)
