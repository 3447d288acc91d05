"""What the model is shown of a conversation, as it is kept."""

import dataclasses
import json

from nemotron_agent.archive.message_json import dump, message_from_json, message_to_json
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.left_out import LeftOut


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
    values = {
        'turns': [[message_to_json(message) for message in turn] for turn in conversation.turns],
        'left_out': dataclasses.asdict(conversation.left_out),
    }
    return Window(len(conversation.messages), conversation.tokens, dump(values))


def read_window(conversation_id: str, tokens: int, text: str) -> Conversation:
    """Make the conversation again.

    Raises:
        ValueError, KeyError, TypeError: the text is not one of `window_of`.
    """
    values = json.loads(text)
    left_out = {**values['left_out'], 'facts': tuple(values['left_out']['facts'])}
    return Conversation(
        conversation_id,
        turns=[tuple(map(message_from_json, turn)) for turn in values['turns']],
        left_out=LeftOut(**left_out),
        tokens=tokens,
    )
