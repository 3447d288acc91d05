"""Messages and conversations as JSON values, and back."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.left_out import LeftOut
from nemotron_agent.core.messages import Message, ToolCall


def message_to_json(message: Message) -> dict[str, Any]:
    """A message as JSON values; what is empty is left out."""
    values: dict[str, Any] = {'role': message.role, 'content': message.content}
    if message.tool_call is not None:
        call = message.tool_call
        values['tool_call'] = {
            'id': call.id,
            'name': call.name,
            'arguments': dict(call.arguments),
        }
    if message.tool_name:
        values['tool_name'] = message.tool_name
    if message.reasoning:
        values['reasoning'] = message.reasoning
    return values


def message_from_json(values: Mapping[str, Any]) -> Message:
    """Read what `message_to_json` gave."""
    call = values.get('tool_call')
    return Message(
        role=values['role'],
        content=values['content'],
        tool_call=None if call is None else ToolCall(call['id'], call['name'], call['arguments']),
        tool_name=values.get('tool_name', ''),
        reasoning=values.get('reasoning', ''),
    )


def conversation_to_json(conversation: Conversation) -> dict[str, Any]:
    """What the model is shown of a conversation, as JSON values."""
    return {
        'turns': [[message_to_json(message) for message in turn] for turn in conversation.turns],
        'left_out': dataclasses.asdict(conversation.left_out),
    }


def conversation_from_json(
    conversation_id: str, values: Mapping[str, Any], tokens: int = 0
) -> Conversation:
    """Make the conversation of `conversation_to_json` again.

    Raises:
        ValueError, KeyError, TypeError: the values are none of it.
    """
    left_out = {**values['left_out'], 'facts': tuple(values['left_out']['facts'])}
    return Conversation(
        conversation_id,
        turns=[tuple(map(message_from_json, turn)) for turn in values['turns']],
        left_out=LeftOut(**left_out),
        tokens=tokens,
    )
