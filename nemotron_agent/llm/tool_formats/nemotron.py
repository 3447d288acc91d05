"""Calls as XML-like blocks of parameters: Nemotron 3."""

import functools
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
    quantity,
)
from nemotron_agent.llm.quantities import shown_units
from nemotron_agent.llm.tool_formats.reply_scan import UnreadableCallError, WrittenCall
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat

_FUNCTION = re.compile(r'<function=([^<>\n]+)>')
_NEXT = re.compile(r'\s*(?:<parameter=([^<>\n]+)>(\n?)|</function>|</tool_call>)')
_TAGS = ('<parameter=', '</function>', '</tool_call>')
# A value's own end is known by the tag behind it; models leave out the last such end.
_OWN_END = rf'\n?</parameter>(?=\s*(?:{"|".join(_TAGS)}))'
_OTHER_END = r'(?=<parameter=|</function>\s*(?:</?tool_call>|```|\Z)|</tool_call>)'
_END_ON_LINES = re.compile(rf'{_OWN_END}|\n{_OTHER_END}')
_END_IN_LINE = re.compile(rf'{_OWN_END}|\n?{_OTHER_END}')
_CLOSING = '\n</parameter>\n'
# What would end a value for the reader above, the writer is not allowed to put into one.
_NO_END = r'~/(?s:.*)(<\/(parameter|function|tool_call)>|\n<parameter=|<function=)(?s:.*)/'


def _begun(*texts: str) -> str:
    """Expression for any beginning of one of the texts, the empty one too."""
    beginnings = (
        functools.reduce(lambda rest, c: f'(?:{re.escape(c)}{rest})?', reversed(text), '')
        for text in texts
    )
    return f'(?:{"|".join(beginnings)})'


# What may turn out to be the end of a value.
_PERHAPS_END = re.compile(
    rf'\n?(?:{_begun("</parameter>", *_TAGS)}|</parameter>\s*{_begun(*_TAGS)}'
    rf'|</function>\s*{_begun("<tool_call>", "</tool_call>", "```")})\Z'
)


class NemotronFormat(ToolFormat):
    """`<function=NAME>` with a `<parameter=KEY>` block for each argument.

    Strings are raw text, other values JSON.
    """

    name = 'nemotron'
    _name_pattern = _FUNCTION
    _opening = re.compile(r'\s*(?:```\w*\s*)?(?=<function=)')
    _nothing = 'it names no <function=...>'

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
        key = re.search(rf'<parameter={re.escape(parameter)}>(\n?)', text)
        if key is None or (not key[1] and key.end() == len(text)):
            return ''
        end = _end_of_value(key[1]).search(text, key.end())
        end = end or _PERHAPS_END.search(text, key.end())
        return text[key.end() : end.start() if end else None]

    def value_span(self, text: str, name: str, value: Any) -> tuple[int, int]:
        """Begin and end of an argument's value."""
        key = f'<parameter={name}>\n'
        begin = text.find(key) + len(key)
        return begin, begin + len(_written(value))

    def _read(self, text: str, position: int, tools: Mapping[str, ToolSpec]) -> WrittenCall:
        function = _FUNCTION.match(text, position)
        if function is None:
            raise UnreadableCallError(self._nothing)
        name = function[1].strip()
        spec = tools.get(name)
        properties = spec.parameters.get('properties', {}) if spec else {}
        arguments: dict[str, Any] = {}
        position = function.end()
        while True:
            tag = _NEXT.match(text, position)
            if tag is None:
                raise UnreadableCallError('it does not go on with <parameter=...> or </function>')
            if tag[1] is None:
                return WrittenCall(name, arguments, tag.end())
            key = tag[1].strip()
            written, position = _written_value(text, tag)
            value = _read_value(written, properties.get(key, {}))
            if key in arguments and arguments[key] != value:
                raise UnreadableCallError(f'{key} has two values')
            arguments[key] = value


def _value(schema: Mapping[str, Any], where: str, terminals: list[str]) -> str:
    """Expression for a value and what closes it; raw text needs terminals, which are added."""
    listed = listed_values(schema)
    if listed is not None:
        texts = [literal(_written(value) + _CLOSING) for value in listed]
        json_value(schema, where)
        return f'({" | ".join(texts)})'
    if schema.get('type') == 'boolean':
        return f'("true" | "false" | "True" | "False") {literal(_CLOSING)}'
    if shown_units(schema):
        return f'{quantity(schema)} {literal(_CLOSING)}'
    value = json_value(schema, where)
    if schema.get('type') != 'string':
        return f'{value} {literal(_CLOSING)}'
    least, most = character_limits(schema)
    number = len(terminals)
    terminals.append(f'TEXT_{number}: /(?s:[^\\x00]){{{least},{most}}}/ & {_NO_END}')
    terminals.append(f'VALUE_{number}: TEXT_{number} {literal(_CLOSING)}')
    return f'VALUE_{number}'


def _end_of_value(line_end: str) -> re.Pattern[str]:
    """What ends a value, by what stands between its beginning and its tag."""
    return _END_ON_LINES if line_end else _END_IN_LINE


def _written_value(text: str, tag: re.Match[str]) -> tuple[str, int]:
    """The value behind a parameter's tag, and the place behind its end."""
    end = _end_of_value(tag[2]).search(text, tag.end())
    if end is None:
        raise UnreadableCallError(f'the value of {tag[1].strip()} does not end')
    value = text[tag.end() : end.start()]
    if '<function=' in value:
        raise UnreadableCallError(f'another call begins in the value of {tag[1].strip()}')
    return value, end.end()


def _read_value(text: str, schema: Mapping[str, Any]) -> Any:
    listed = listed_values(schema) or ()
    for plain in (text, text.strip()):
        if plain in listed:
            return plain
    if schema.get('type') == 'string':
        return text
    try:
        return loose_json.loads(text.strip())
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
