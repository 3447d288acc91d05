"""What a conversation is made of."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Literal

Role = Literal['system', 'user', 'assistant', 'tool']


@dataclasses.dataclass(frozen=True)
class ToolCall:
    """The model's wish to use a tool; `arguments` holds JSON values by name."""

    id: str
    name: str
    arguments: Mapping[str, Any]

    @property
    def arguments_json(self) -> str:
        """The arguments as one line of JSON, keys in the order given."""
        return json.dumps(dict(self.arguments), ensure_ascii=False)

    def is_same_as(self, other: 'ToolCall') -> bool:
        """Whether both ask the same tool for the same, whatever their ids."""
        return self.name == other.name and dict(self.arguments) == dict(other.arguments)


@dataclasses.dataclass(frozen=True)
class Message:
    """One message.

    Attributes:
        role: who speaks. `tool` is the result of the call in the assistant message before it.
        content: text; empty in an assistant message that only calls.
        tool_call: the call of an assistant message; there is at most one a reply.
        tool_name: for a `tool` message, the name of the tool that was called.
        reasoning: what an assistant thought before it spoke.
    """

    role: Role
    content: str
    tool_call: ToolCall | None = None
    tool_name: str = ''
    reasoning: str = ''
