"""Calls as XML-like blocks of parameters: Nemotron 3."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm import loose_json
from nemotron_agent.llm.grammar_text import (
    Marker,
    character_limits,
    json_value,
    listed_values,
    literal,
    properties_of,
)
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat, UnreadableCallError

_FUNCTION = re.compile(r'<function=([^>\n]+)>')
_NEXT = re.compile(r'\s*(?:<parameter=([^>\n]+)>\n?|</function>|</tool_call>)')
_VALUE_END = re.compile(r'\n?</parameter>|\n(?=<parameter=)|\n?(?=</function>|</tool_call>)')
_CLOSING = '\n</parameter>\n'
# What would end a value for the reader above, the writer is not allowed to put into one.
_NO_END = r'~/(?s:.*)(<\/(parameter|function|tool_call)>|\n<parameter=)(?s:.*)/'


class NemotronFormat(ToolFormat):
    """`<function=NAME>` with a `<parameter=KEY>` block for each argument.

    Strings are raw text, other values JSON.
    """

    name = 'nemotron'
    _name_pattern = _FUNCTION

    def recognises(self, template: str) -> bool:
        """Whether a chat template has the model write calls this way."""
        return self.call_begin in template and '<function=' in template

    def grammar(self, tools: Sequence[ToolSpec], begin: Marker, end: Marker) -> str:
        """Grammar of exactly one call."""
        calls: list[str] = []
        terminals: list[str] = []
        for tool in tools:
            blocks = [literal(f'{tool.name}>\n')]
            for name, schema, is_required in properties_of(tool.name, tool.parameters):
                key = literal(f'<parameter={name}>\n')
                value = _value(schema, f'{tool.name}.{name}', terminals)
                block = f'{key} {value}'
                blocks.append(block if is_required else f'({block})?')
            calls.append(' '.join(blocks))
        alternatives = '\n    | '.join(calls)
        start = f'start: {begin.rule} "\\n<function=" call "</function>\\n" {end.rule}'
        return '\n'.join([start, f'call: {alternatives}', *terminals, ''])

    def call_text(self, call: ToolCall) -> str:
        """Write a call as the model would."""
        blocks = ''.join(
            f'<parameter={name}>\n{_written(value)}{_CLOSING}'
            for name, value in call.arguments.items()
        )
        return f'{self.call_begin}\n<function={call.name}>\n{blocks}</function>\n{self.call_end}'

    def tools_text(self, tools: Sequence[ToolSpec]) -> str:
        """Tell what the tools are and how to call them."""
        return (
            '# Tools\n\nYou act by calling functions:\n<tools>\n'
            + '\n'.join(map(_described, tools))
            + f'\n</tools>\n\nWrite a call like this:\n{self.call_begin}\n'
            '<function=its_name>\n<parameter=a_parameter>\nits value\n</parameter>\n</function>\n'
            f'{self.call_end}'
        )

    def spoken_so_far(self, text: str, parameter: str) -> str:
        """Value, as far as it is written, of a string argument in an unfinished call."""
        _, found, value = text.partition(f'<parameter={parameter}>\n')
        if not found:
            return ''
        value, ended, _ = value.partition('\n</parameter>')
        if ended:
            return value
        for length in range(len(_CLOSING) - 1, 0, -1):
            if value.endswith(_CLOSING[:length]):
                return value[:-length]
        return value

    def _read(self, text: str, tools: Mapping[str, ToolSpec]) -> tuple[str, dict[str, Any]]:
        function = _FUNCTION.search(text)
        if function is None:
            raise UnreadableCallError('it names no <function=...>')
        name = function[1].strip()
        spec = tools.get(name)
        properties = spec.parameters.get('properties', {}) if spec else {}
        return name, _read_parameters(text[function.end() :], properties)


def _value(schema: Mapping[str, Any], where: str, terminals: list[str]) -> str:
    """Expression for a value and what closes it; raw text needs terminals, which are added."""
    listed = listed_values(schema)
    if listed is not None:
        texts = [literal(_written(value) + _CLOSING) for value in listed]
        json_value(schema, where)
        return f'({" | ".join(texts)})'
    if schema.get('type') == 'boolean':
        return f'("true" | "false" | "True" | "False") {literal(_CLOSING)}'
    value = json_value(schema, where)
    if schema.get('type') != 'string':
        return f'{value} {literal(_CLOSING)}'
    least, most = character_limits(schema)
    number = len(terminals)
    terminals.append(f'TEXT_{number}: /(?s:[^\\x00]){{{least},{most}}}/ & {_NO_END}')
    terminals.append(f'VALUE_{number}: TEXT_{number} {literal(_CLOSING)}')
    return f'VALUE_{number}'


def _read_parameters(text: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    position = 0
    while True:
        key = _NEXT.match(text, position)
        if key is None:
            raise UnreadableCallError('it does not go on with <parameter=...> or </function>')
        if key[1] is None:
            return arguments
        end = _VALUE_END.search(text, key.end())
        if end is None:
            raise UnreadableCallError(f'the value of {key[1]} does not end')
        value = text[key.end() : end.start()]
        arguments[key[1].strip()] = _read_value(value, properties.get(key[1].strip(), {}))
        position = end.end()


def _read_value(text: str, schema: Mapping[str, Any]) -> Any:
    listed = listed_values(schema) or ()
    if schema.get('type') == 'string' or text in listed:
        return text
    try:
        return loose_json.loads(text)
    except ValueError:
        return text


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _described(tool: ToolSpec) -> str:
    parameters = ''.join(
        f'<parameter>\n<name>{name}</name>\n'
        f'<schema>{json.dumps(schema, ensure_ascii=False)}</schema>\n</parameter>\n'
        for name, schema, _ in properties_of(tool.name, tool.parameters)
    )
    return (
        f'<function>\n<name>{tool.name}</name>\n'
        f'<description>{tool.description}</description>\n{parameters}</function>'
    )
