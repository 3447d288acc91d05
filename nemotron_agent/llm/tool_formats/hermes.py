"""Calls as JSON between markers: Hermes, Qwen, and small models told to write so."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm import loose_json
from nemotron_agent.llm.grammar_text import Marker, json_value, literal, properties_of, sequence
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat, UnreadableCallError

_STRING = r'"((?:[^"\\]|\\.)*)'


class HermesFormat(ToolFormat):
    """`<tool_call>`, a line of JSON with name and arguments, `</tool_call>`."""

    name = 'hermes'
    _name_pattern = re.compile(r'"name": "([^"]+)"')

    def recognises(self, template: str) -> bool:
        """Whether a chat template has the model write calls this way."""
        return self.call_begin in template and '<function=' not in template

    def grammar(self, tools: Sequence[ToolSpec], begin: Marker, end: Marker) -> str:
        """Grammar of exactly one call."""
        calls = []
        for tool in tools:
            members = [
                (_member(tool.name, name, schema), is_required)
                for name, schema, is_required in properties_of(tool.name, tool.parameters)
            ]
            opening = literal(f'{tool.name}", "arguments": {{')
            calls.append(f'{opening} {sequence(members, ", ")} "}}}}\\n"')
        alternatives = '\n    | '.join(calls)
        return (
            f'start: {begin.rule} "\\n{{\\"name\\": \\"" call {end.rule}\ncall: {alternatives}\n'
        )

    def call_text(self, call: ToolCall) -> str:
        """Write a call as the model would."""
        arguments = json.dumps(dict(call.arguments), ensure_ascii=False)
        return (
            f'{self.call_begin}\n{{"name": "{call.name}", "arguments": {arguments}}}\n'
            f'{self.call_end}'
        )

    def tools_text(self, tools: Sequence[ToolSpec]) -> str:
        """Tell what the tools are and how to call them."""
        lines = [
            json.dumps(
                {'name': t.name, 'description': t.description, 'parameters': dict(t.parameters)},
                ensure_ascii=False,
            )
            for t in tools
        ]
        return (
            '# Tools\n\nYou act by calling tools. Each line is the JSON schema of one:\n<tools>\n'
            + '\n'.join(lines)
            + f'\n</tools>\n\nWrite a call like this:\n{self.call_begin}\n'
            '{"name": "a tool\'s name", "arguments": {"a parameter": "its value"}}\n'
            f'{self.call_end}'
        )

    def spoken_so_far(self, text: str, parameter: str) -> str:
        """Value, as far as it is written, of a string argument in an unfinished call."""
        match = re.search(f'{re.escape(json.dumps(parameter))}: {_STRING}', text)
        if match is None:
            return ''
        try:
            return str(json.loads(f'"{match[1]}"', strict=False))
        except ValueError:
            return ''

    def _read(self, text: str, tools: Mapping[str, ToolSpec]) -> tuple[str, dict[str, Any]]:
        value = _first_object(text.partition(self.call_begin)[2] or text)
        name = value.get('name')
        arguments = value.get('arguments', value.get('parameters', {}))
        if isinstance(arguments, str):
            arguments = _loads(arguments)
        if not isinstance(name, str) or not name:
            raise UnreadableCallError('it has no "name"')
        if not isinstance(arguments, dict):
            raise UnreadableCallError('its "arguments" are no JSON object')
        return name, arguments


def _member(tool_name: str, name: str, schema: Mapping[str, Any]) -> str:
    key = literal(f'{json.dumps(name, ensure_ascii=False)}: ')
    return f'{key} {json_value(schema, f"{tool_name}.{name}")}'


def _first_object(text: str) -> dict[str, Any]:
    """The first JSON object that begins in a text; a list gives its first item."""
    start = text.find('{')
    if start < 0:
        raise UnreadableCallError('it holds no JSON object')
    piece = _balanced(text[start:])
    value = _loads(piece)
    if not isinstance(value, dict):
        raise UnreadableCallError('it holds no JSON object')
    return value


def _balanced(text: str) -> str:
    """The beginning of a text up to the brace that closes its first one."""
    depth, quoted, escaped = 0, False, False
    for index, character in enumerate(text):
        if escaped:
            escaped = False
        elif quoted:
            escaped = character == '\\'
            quoted = character != '"'
        elif character == '"':
            quoted = True
        elif character == '{':
            depth += 1
        elif character == '}':
            depth -= 1
            if depth == 0:
                return text[: index + 1]
    raise UnreadableCallError('its JSON does not end')


def _loads(text: str) -> Any:
    try:
        return loose_json.loads(text)
    except ValueError as error:
        raise UnreadableCallError(f'it is not valid JSON: {error}') from None
