import json

import hypothesis
import hypothesis.strategies as st
import pytest

from nemotron_agent.core.errors import ChatTemplateError, ConfigurationError
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.llm.tool_formats import TOOL_FORMATS, choose_tool_format
from nemotron_agent.llm.tool_formats.tool_format import CallProblem, Dress
from nemotron_agent.testing.robot_tools import ROBOT_TOOLS
from nemotron_agent.testing.synthetic_model import TEMPLATE_FILE

HERMES = TOOL_FORMATS['hermes']
NEMOTRON = TOOL_FORMATS['nemotron']


def read(tool_format, text):
    call = tool_format.parse(text, ROBOT_TOOLS)
    return (call.name, dict(call.arguments)) if isinstance(call, ToolCall) else call


@pytest.mark.parametrize(
    'text',
    [
        '<tool_call>\n{"name": "turn", "arguments": {"angle": -45}}\n</tool_call>',
        '{"name": "turn", "arguments": {"angle": -45}}',
        '```json\n{"name": "turn", "arguments": {"angle": -45}}\n```',
        '{{"name": "turn", "arguments": {"angle": -45}}}',
        '{"name": "turn", "parameters": {"angle": -45}}',
        '{"name": "turn", "arguments": "{\\"angle\\": -45}"}',
        "{'name': 'turn', 'arguments': {'angle': -45}}",
        'Sure! <tool_call>{"name":"turn","arguments":{"angle":-45}}</tool_call><tool_call>'
        '{"name": "stop", "arguments": {}}</tool_call>',
        '[{"name": "turn", "arguments": {"angle": -45}}]',
    ],
)
def test_hermes_reads_what_models_write(text):
    assert read(HERMES, text) == ('turn', {'angle': -45})


@pytest.mark.parametrize(
    'text',
    [
        '<tool_call>\n<function=turn>\n<parameter=angle>\n-45\n</parameter>\n</function>\n</tool_call>',
        '<function=turn>\n<parameter=angle>\n-45\n</function>\n</tool_call>',
        '<function=turn><parameter=angle>-45</parameter></function>',
        '<function=turn>\n<parameter=angle>\n-45\n</parameter>\n</tool_call>',
        '<function=turn>\n<parameter=angle>\n-45\n</parameter>\n</function>\n</tool_call>\n'
        '<tool_call>\n<function=stop>\n</function>\n</tool_call>',
    ],
)
def test_nemotron_reads_what_models_write(text):
    assert read(NEMOTRON, text) == ('turn', {'angle': -45})


def test_nemotron_reads_a_parameter_after_one_that_was_not_closed():
    text = '<function=navigate_to>\n<parameter=place>\ndock\n<parameter=speed>\n0.5\n</function>'
    assert read(NEMOTRON, text) == ('navigate_to', {'place': 'dock', 'speed': 0.5})


@pytest.mark.parametrize(
    ('written', 'value'),
    [('True', True), ('true', True), ('None', None), ('[1, "a"]', [1, 'a']), ('fünf', 'fünf')],
)
def test_nemotron_reads_values_that_are_no_strings(written, value):
    text = f'<function=configure>\n<parameter=fast>\n{written}\n</parameter>\n</function>'
    assert read(NEMOTRON, text) == ('configure', {'fast': value})


@pytest.mark.parametrize(
    'said', ['42', 'True', 'a\nb', '', '  <b>x</b>\n', '日本 "x"', '{"a": 1}']
)
def test_strings_come_back_as_they_were(said):
    for tool_format in (HERMES, NEMOTRON):
        text = tool_format.call_text(ToolCall('', 'say', {'text': said}))
        assert read(tool_format, text) == ('say', {'text': said})


@pytest.mark.parametrize(
    ('tool_format', 'text', 'problem'),
    [
        (HERMES, 'no call', 'it holds no JSON object'),
        (HERMES, '{"name": "turn", "argum', 'its JSON does not end'),
        (HERMES, '{"name": "turn", "arguments": {"angle": }}', 'it is not valid JSON'),
        (HERMES, '{"name": "turn", "arguments": {"angle": NaN}}', 'it is not valid JSON'),
        (HERMES, '{"arguments": {}}', 'it has no "name"'),
        (HERMES, '{"name": 3}', 'it has no "name"'),
        (HERMES, '{"name": "turn", "arguments": [1]}', 'its "arguments" are no JSON object'),
        (HERMES, '{"name": "turn", "arguments": "x"}', 'it is not valid JSON'),
        (HERMES, '{"name": ' + '[' * 100000 + ']' * 100000 + '}', 'nested too deeply'),
        (HERMES, '{"name": "fly", "arguments": {}}', 'There is no tool "fly". The tools are: nav'),
        (NEMOTRON, 'no call', 'it names no <function=...>'),
        (NEMOTRON, '<function=turn>\n<param', 'it does not go on with <parameter=...>'),
        (NEMOTRON, '<function=turn>\n', 'it does not go on with <parameter=...>'),
        (NEMOTRON, '<function=turn>\n<parameter=angle>\n-4', 'the value of angle does not end'),
        (NEMOTRON, '<function=fly>\n</function>', 'There is no tool "fly"'),
    ],
)
def test_what_is_no_call_is_a_problem(tool_format, text, problem):
    found = read(tool_format, text)
    assert isinstance(found, CallProblem)
    assert problem in found.text


def test_bad_unicode_escapes_are_replaced():
    name, arguments = read(HERMES, '{"name": "say", "arguments": {"text": "\\ud800"}}')
    assert (name, arguments) == ('say', {'text': '?'})


@pytest.mark.parametrize('tool_format', TOOL_FORMATS.values(), ids=TOOL_FORMATS)
def test_what_is_said_streams_while_it_is_written(tool_format):
    said = 'Ich fahre "jetzt" los.\nBis gleich 😀'
    text = tool_format.call_text(ToolCall('', 'say', {'text': said}))
    seen = [tool_format.spoken_so_far(text[:end], 'text') for end in range(len(text) + 1)]
    assert seen[-1] == said
    assert all(said.startswith(part) for part in seen)
    assert all(later.startswith(sooner) for sooner, later in zip(seen, seen[1:], strict=False))
    assert len(set(seen)) > len(said) / 2


@pytest.mark.parametrize('tool_format', TOOL_FORMATS.values(), ids=TOOL_FORMATS)
def test_the_name_is_known_once_it_is_written(tool_format):
    text = tool_format.call_text(ToolCall('', 'say', {'text': 'x'}))
    assert tool_format.called_name(text) == 'say'
    assert tool_format.called_name(text[: text.index('say') + 2]) == ''


@pytest.mark.parametrize(
    ('text', 'dress'),
    [
        ('', Dress.UNDECIDED),
        (' \n', Dress.UNDECIDED),
        ('{', Dress.CALL),
        ('\n[', Dress.CALL),
        ('`', Dress.UNDECIDED),
        ('```json', Dress.CALL),
        ('`turn` is', Dress.TEXT),
        ('<', Dress.UNDECIDED),
        ('<function=', Dress.CALL),
        ('<b>', Dress.TEXT),
        ('The', Dress.TEXT),
    ],
)
def test_a_call_is_known_by_its_dress(text, dress):
    assert HERMES.dress(text) is dress


def test_the_format_is_found_from_the_template():
    assert choose_tool_format('auto', TEMPLATE_FILE.read_text()) is NEMOTRON
    assert choose_tool_format('auto', '<tool_call>\n{"name": ...}\n</tool_call>') is HERMES
    assert choose_tool_format('hermes', TEMPLATE_FILE.read_text()) is HERMES


def test_an_unknown_template_says_what_to_set():
    with pytest.raises(ChatTemplateError, match='parameter tool_format to one of hermes, nemo'):
        choose_tool_format('auto', '{{ messages }}')


def test_an_unknown_format_is_an_error():
    with pytest.raises(ConfigurationError, match='no tool format "xml": choose one of auto, her'):
        choose_tool_format('xml', '')


@pytest.mark.parametrize('tool_format', TOOL_FORMATS.values(), ids=TOOL_FORMATS)
def test_tools_are_told_of_in_plain_text(tool_format):
    text = tool_format.tools_text(ROBOT_TOOLS)
    for spec in ROBOT_TOOLS:
        assert spec.name in text
        assert spec.description in text
    assert '<tool_call>' in text
    assert tool_format.result_text('done') == '<tool_response>\ndone\n</tool_response>'


FRAGMENTS = st.sampled_from(
    (
        *('<tool_call>', '</tool_call>', '<function=turn>', '<function=say>', '</function>'),
        *('<parameter=angle>', '<parameter=text>', '</parameter>', '{"name": "turn"', '{{', '}}'),
        *(', "arguments": {', '"angle": ', '"text": ', '}', '{', '[', ']', '"', '\\', '\\ud800'),
        *('45', '-1e999', 'NaN', 'True', 'None', '\n', ' ', '```json', 'é', '\ud800', '\0'),
    )
)


@hypothesis.given(st.lists(FRAGMENTS | st.text(max_size=6), max_size=14).map(''.join))
@hypothesis.settings(max_examples=1500, deadline=None)
def test_whatever_a_model_writes_is_read_or_is_a_problem(text):
    for tool_format in TOOL_FORMATS.values():
        call = tool_format.parse(text, ROBOT_TOOLS)
        if isinstance(call, ToolCall):
            assert call.name in text
            json.dumps(dict(call.arguments), allow_nan=False)
        else:
            assert call.text.endswith('.')
        tool_format.spoken_so_far(text, 'text')
        tool_format.called_name(text)
        tool_format.dress(text)
