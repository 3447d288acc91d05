"""Calls as JSON between markers: Hermes, Qwen, and small models told to write so."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm import loose_json
from nemotron_agent.llm.grammar_text import Marker, json_value, literal, properties_of, sequence
from nemotron_agent.llm.tool_formats.reply_scan import UnreadableCallError, WrittenCall
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat

_PIECE = re.compile(rf'{loose_json.STRING}|[{{}}"\']', re.DOTALL)
_DEPTH = {'{': 1, '}': -1}
_QUOTES = ('"', "'")
_SPOKEN = r'\s*:\s*"((?:[^"\\]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*)("?)'


class HermesFormat(ToolFormat):
    """`<tool_call>`, a line of JSON with name and arguments, `</tool_call>`."""

    name = 'hermes'
    _name_pattern = re.compile(r'"name"\s*:\s*"([^"]+)"')
    _opening = re.compile(r'\s*(?:```\w*\s*)?(?:\[\s*)?(?=\{)')
    _nothing = 'it holds no JSON object'

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
        match = re.search(re.escape(json.dumps(parameter)) + _SPOKEN, text)
        if match is None:
            return ''
        value = str(json.loads(f'"{match[1]}"', strict=False))
        if not match[2] and '\ud800' <= value[-1:] <= '\udbff':
            value = value[:-1]
        return value.encode('utf-8', 'replace').decode('utf-8')

    def value_span(self, text: str, name: str, value: Any) -> tuple[int, int]:
        """Begin and end of an argument's value, with the blank before it."""
        key = f'{json.dumps(name, ensure_ascii=False)}:'
        begin = text.find(key) + len(key)
        return begin, begin + len(f' {json.dumps(value, ensure_ascii=False)}')

    def _read(self, text: str, position: int, tools: Mapping[str, ToolSpec]) -> WrittenCall:
        end = _end_of_object(text, position)
        value = _loads(text[position:end])
        if not isinstance(value, dict):
            raise UnreadableCallError('it holds no JSON object')
        name = value.get('name')
        arguments = value.get('arguments', value.get('parameters', {}))
        if isinstance(arguments, str):
            arguments = _loads(arguments)
        if not isinstance(name, str) or not name:
            raise UnreadableCallError('it has no "name"')
        if not isinstance(arguments, dict):
            raise UnreadableCallError('its "arguments" are no JSON object')
        return WrittenCall(name, arguments, end)


def _member(tool_name: str, name: str, schema: Mapping[str, Any]) -> str:
    key = literal(f'{json.dumps(name, ensure_ascii=False)}: ')
    return f'{key} {json_value(schema, f"{tool_name}.{name}")}'


def _end_of_object(text: str, position: int) -> int:
    """The place behind the brace that closes the one at a place."""
    depth = 0
    for piece in _PIECE.finditer(text, position):
        if piece[0] in _QUOTES:
            break
        depth += _DEPTH.get(piece[0], 0)
        if depth == 0:
            return piece.end()
    raise UnreadableCallError('its JSON does not end')


def _loads(text: str) -> Any:
    try:
        return loose_json.loads(text)
    except ValueError as error:
        raise UnreadableCallError(f'it is not valid JSON: {error}') from None
