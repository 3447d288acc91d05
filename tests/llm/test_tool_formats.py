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
        '<tool_call>\r\n```json\r\n{"name": "turn", "arguments": {"angle": -45}}\r\n```',
        "{'name': 'turn', 'arguments': {'angle': -45,}}",
        '{"name": "turn", "name": "turn", "arguments": {"angle": -45}}',
        '<tool_call>{"name": "turn", "arguments": {"angle": -45}}<tool_call>{"name": "st',
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
        '<function=turn>\n<parameter=angle>\n-45\n</tool_call>\n<tool_call>\n<function=st',
        '<tool_call>\r\n<function=turn>\r\n<parameter=angle>\r\n-45\r\n</parameter>\r\n</tool_call>',
        'Now:\n```xml\n<tool_call>\n<function=turn>\n<parameter=angle>\n-45\n</function>\n```',
        '<function=turn>\n<parameter=angle>\n-45\n</parameter>\n<parameter=angle>\n-45\n</function>',
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
    ('written', 'value'),
    [
        (
            "{'say': 'it\\'s \"on\"', 'x': [True, null, None,],}",
            {'say': 'it\'s "on"', 'x': [1, None, None]},
        ),
        ('+5', 5),
        ('-.5', -0.5),
        ('5.', 5),
        ('+1.50e1', 15),
        ('007', '007'),
        ('1_000', '1_000'),
        ('nan', 'nan'),
        ('Infinity', 'Infinity'),
        ('1e999', '1e999'),
        ('{1: 2}', '{1: 2}'),
        ('{"a": 1, "a": 2}', '{"a": 1, "a": 2}'),
    ],
)
def test_values_are_json_as_models_write_it_or_text(written, value):
    text = f'<function=configure>\n<parameter=free>\n{written}\n</parameter>\n</function>'
    assert read(NEMOTRON, text) == ('configure', {'free': value})


@pytest.mark.parametrize(
    'said',
    [
        'a </parameter> b',
        '</parameter>',
        'a </function> b',
        'a\n</function>\nb',
        'see </tool_call> and <parameter=x>',
        '<tool_call>',
        '<think>no</think>',
        'for i in range(3):\n\tprint("<b>", {i: \'x\'})\n',
        '\r\n',
        '\ufffd',
    ],
)
def test_nemotron_tells_markup_in_a_value_from_its_end(said):
    text = NEMOTRON.call_text(ToolCall('', 'say', {'text': said}))
    assert read(NEMOTRON, text) == ('say', {'text': said})


@pytest.mark.parametrize(
    ('around', 'call'),
    [
        ('<think>\nI may call {stop}.\n</think>\n{turn}', 'turn'),
        ('I may call {stop}.\n</think>\n{turn}', 'turn'),
        ('<think>\nI may call {stop}, but {turn}', 'turn'),
        ('<think>\nI call {turn}\n{stop}', 'turn'),
        ('<think>Now</think>{turn}<think>or {stop}', 'turn'),
        ('The tag <tool_call> begins it: {turn} Done.', 'turn'),
        ('Not "{stop}" but {turn}', 'turn'),
        ('<think>\nI may call {turn}.\n</think>\nNo.', None),
        ('<think>\nI may call {turn}, or', None),
        ('I may call {turn}.\n</think>\nNo.', None),
        ('It is written `{turn}`.', None),
    ],
)
@pytest.mark.parametrize('tool_format', TOOL_FORMATS.values(), ids=TOOL_FORMATS)
def test_a_call_in_reasoning_or_quotes_is_not_made(tool_format, around, call):
    calls = {
        'turn': tool_format.call_text(ToolCall('', 'turn', {'angle': 5})),
        'stop': tool_format.call_text(ToolCall('', 'stop', {})),
    }
    found = read(tool_format, around.format(**calls))
    assert (found == ('turn', {'angle': 5})) if call else isinstance(found, CallProblem)


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
        (HERMES, 'I set {"name": "turn", "arguments": {}}.', 'it holds no JSON object'),
        (
            HERMES,
            '{"name": "turn", "arguments": {"angle": 1, "angle": 2}}',
            '"angle" has two values',
        ),
        (HERMES, "{'name': 'turn', 'arguments': {'angle': 1, 'angle': 2}}", 'is not valid JSON'),
        (
            NEMOTRON,
            '<function=turn>\n<parameter=angle>\n1\n<parameter=angle>\n2\n</function>',
            'angle has two values',
        ),
        (
            NEMOTRON,
            '<function=say>\n<parameter=text>\nHel<tool_call>\n<function=stop>\n</function>',
            'another call begins in the value of text',
        ),
        (NEMOTRON, 'I call <function=stop>\n</function>', 'it names no <function=...>'),
        (NEMOTRON, '<function=tu<b>rn>\n</function>', 'it names no <function=...>'),
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
