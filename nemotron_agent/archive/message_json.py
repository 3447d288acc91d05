"""Messages as JSON values, and back."""

import json
from collections.abc import Mapping
from typing import Any

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


def dump(value: Any) -> str:
    """One line of JSON, in ASCII: a lone surrogate, which SQLite refuses, is then an escape."""
    return json.dumps(value, separators=(',', ':'), default=str)
