"""Calls as the other sides write them: a JSON object, by a schema.

Neither can be made to call a tool through its tools: `Llama` leaves the call to the model, and
the server allows any text before it. So both are given the tools for the prompt and a response
format for the reply, which goes into the history as it was written: nothing is written anew, so
that what is evaluated can be used again.
"""

import json
import uuid
from collections.abc import Sequence
from typing import Any

from nemotron_agent.cli.benches.sides.side import MAX_THINKING_TOKENS
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.grammar_text import quantity_regex
from nemotron_agent.llm.llama_runtime import llama_cpp
from nemotron_agent.llm.quantities import shown_units

THINK_END = '\n</think>\n'


def call_grammar(tools: Sequence[ToolSpec], *, thinking: bool) -> str:
    """GBNF of one call of one of the tools; with thinking, of some reasoning before it.

    Reasoning is of a fixed length: neither side can end it by itself.
    """
    grammar = str(llama_cpp.llama_grammar.json_schema_to_gbnf(json.dumps(_call_schema(tools))))
    if not thinking:
        return grammar
    reasoning = f'[a-z]{{{MAX_THINKING_TOKENS}}} {json.dumps(THINK_END)}'
    return f'{grammar.replace("root ::=", "call ::=")}\nroot ::= {reasoning} call\n'


def as_entries(messages: Sequence[Message]) -> list[dict[str, Any]]:
    """Messages as the OpenAI interface takes them, calls as the text they were."""
    entries = []
    for message in messages:
        entry = {'role': message.role, 'content': message.content}
        if message.reasoning:
            entry['reasoning_content'] = message.reasoning
        if message.role == 'tool':
            entry |= {'name': message.tool_name, 'tool_call_id': message.tool_name}
        entries.append(entry)
    return entries


def as_message(text: str, reasoning: str = '') -> Message:
    """A reply, with its reasoning and with the call that its text is, if it is one."""
    before, found, content = text.rpartition(THINK_END)
    reasoning = before if found else reasoning
    try:
        call = json.loads(content)
        tool_call = ToolCall(uuid.uuid4().hex, call['name'], call['arguments'])
    except (ValueError, TypeError, KeyError):
        tool_call = None
    return Message('assistant', content, tool_call=tool_call, reasoning=reasoning)


def _call_schema(tools: Sequence[ToolSpec]) -> dict[str, Any]:
    """JSON Schema of one call of one of the tools."""
    return {
        'anyOf': [
            {
                'type': 'object',
                'properties': {'name': {'const': tool.name}, 'arguments': _unbounded(tool)},
                'required': ['name', 'arguments'],
                'additionalProperties': False,
            }
            for tool in tools
        ]
    }


def _unbounded(tool: ToolSpec) -> dict[str, Any]:
    """Its parameters without bounds on lengths: compiling them takes llama.cpp seconds a reply.

    A reply is cut off long before.
    """
    properties = {
        name: {key: value for key, value in schema.items() if not key.endswith('Length')}
        for name, schema in tool.parameters['properties'].items()
    }
    for schema in properties.values():
        if shown_units(schema):
            schema['pattern'] = f'^{quantity_regex(schema)}$'
    return {**tool.parameters, 'properties': properties}
