"""20,000 replies: a call is read exactly as it was made, and none is read that was not made."""

import json
import random
import re

import hypothesis
import hypothesis.strategies as st
import pytest

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.grammar_text import listed_values
from nemotron_agent.llm.tool_formats import TOOL_FORMATS
from nemotron_agent.llm.tool_formats.tool_format import CallProblem
from nemotron_agent.testing.robot_tools import ROBOT_TOOLS

CASES = {'exact': 2200, 'no_end': 1800, 'no_call': 1000, 'mutated': 4000, 'spoken': 250}
HYPOTHESIS_CASES = 1500
FORMATS = pytest.mark.parametrize('tool_format', TOOL_FORMATS.values(), ids=TOOL_FORMATS)

WORDS = (
    'go',
    'to',
    'the',
    'kitchen',
    'Küche',
    '日本',
    '😀',
    '\ufffd',
    '45',
    'True',
    'null',
    '...',
)
PIECES = (
    *WORDS,
    *(' ', ' ', '\n', '\n', '\t', '\r\n', '"', "'", '\\', '\\n', '{', '}', '[1, 2]', '<b>', '&'),
    *('```', '{"name": "stop", "arguments": {}}', '<think>', '</think>', '<tool_call>', '\u2028'),
    *('</parameter> x', '</function> x', '</tool_call> x', ' <parameter=a>', '<|im_end|>', '}}'),
    *('\n</function>\nx', '</parameter>', '</function>', 'if a < b:\n    f(a)["b"] = \'c\'\n'),
)
# What in a value looks like its end even to somebody who looks at what comes next.
LOOKS_LIKE_AN_END = re.compile(
    r'</parameter>\s*(<parameter=|</function>|</tool_call>)|\n<parameter=|<function='
    r'|\n</tool_call>|\n</function>\s*(</?tool_call>|```|$)'
)
SCHEMAS = (
    {'type': 'string'},
    {'type': 'string'},
    {'type': 'string', 'enum': ['kitchen', 'dock', 'True', '7', ' x']},
    {'type': 'number'},
    {'type': 'integer'},
    {'type': 'boolean'},
    {'type': 'null'},
    {'enum': [1, 'two', None]},
    {'type': 'array', 'items': {'type': 'string'}},
    {'type': 'object'},
)
NOISE = (
    *('<tool_call>', '</tool_call>', '<function=stop>', '<function=', '</function>', '</param'),
    *('<parameter=text>', '<parameter=angle>\n', '</parameter>', '{"name": "', '"', '\\', ', '),
    *('"arguments": {', '{', '}', '[', ']', '```json\n', '```', '<think>', '</think>', '\ufffd'),
    *('True', 'None', 'NaN', '-1e999', '+.5', '\n', '\r\n', '\0', "'", '\\ud83d', '\\u12', 'é'),
)


def text_value(rng):
    text = ''.join(rng.choices(PIECES, k=rng.randrange(8)))
    return 'a plain one' if LOOKS_LIKE_AN_END.search(f'{text}\n') else text


def value_of(schema, rng):
    listed = listed_values(schema)
    if listed is not None:
        return rng.choice(listed)
    kind = schema['type']
    if kind == 'array':
        return [text_value(rng) for _ in range(rng.randrange(3))]
    if kind == 'object':
        return {rng.choice(WORDS): [None, {text_value(rng): rng.random()}]}
    return {
        'string': text_value(rng),
        'number': rng.choice((0.1, -2.5, 1e-7, 3e20, float(rng.randrange(-360, 360)))),
        'integer': rng.randrange(-(10**9), 10**9),
        'boolean': rng.random() < 0.5,
        'null': None,
    }[kind]


def some_tools(rng):
    """Tools of one to four arguments, all with names of their own."""
    tools = []
    for number in range(rng.randrange(1, 4)):
        keys = rng.sample(('text', 'angle', 'place', 'a', 'name', 'arguments'), rng.randrange(5))
        properties = {key: rng.choice(SCHEMAS) for key in keys}
        parameters = {'type': 'object', 'properties': properties}
        tools.append(ToolSpec(f'do_{rng.choice("abc")}_{number}', 'Do it.', parameters))
    return tools


def some_call(tools, rng):
    spec = rng.choice(tools)
    properties = spec.parameters['properties']
    keys = [key for key in properties if rng.random() < 0.9]
    return ToolCall('', spec.name, {key: value_of(properties[key], rng) for key in keys})


def prose(rng):
    words = rng.choices((*WORDS, 'I', 'call', '<tool_call> first', '{"angle": 5}', 'a {b}'), k=6)
    return f'Well, {" ".join(words)}.\n'


def mention(tool_format, tools, rng):
    """Words that hold a whole call and do not make it."""
    text = tool_format.call_text(some_call(tools, rng))
    plain = text.removeprefix('<tool_call>').removesuffix('</tool_call>').strip()
    forms = [f'I could write {quote}{text}{quote}.' for quote in ('`', '"', "'")]
    forms.append(f'I could write {plain} here.')
    if '</think>' not in text:
        forms.append(f'<think>I could write {text}</think>')
        forms.append(f'<think>{text}</think>\nNo.')
        forms.append(f'I could write {text} here.\n</think>\nNo.')
        forms.append(f'<think>\nShall I write {text}? It is')
    return prose(rng) * rng.randrange(2) + rng.choice(forms)


def read(tool_format, text, tools):
    call = tool_format.parse(text, tools)
    assert isinstance(call, (ToolCall, CallProblem))
    return (call.name, dict(call.arguments)) if isinstance(call, ToolCall) else None


def around(text, tool_format, tools, rng):
    """A call's text as models dress it, with what may stand before and after it."""
    form = rng.randrange(10)
    another = tool_format.call_text(some_call(tools, rng))
    if form == 0:
        return text + '\n' + another * rng.randrange(3)
    if form == 1:
        return text + '\n' + another[: rng.randrange(len(another))].rpartition('</think>')[0]
    if form == 2:
        return prose(rng) + text + rng.choice(('', '\nDone.', '<|im_end|>\n'))
    if form == 3:
        return f'<think>\n{prose(rng)}</think>\n{text}'
    if form == 4 and '</think>' not in text:
        return f'<think>\n{prose(rng)}I call {text}\n'
    if form == 5 and '</think>' not in another:
        return f'<think>\n{prose(rng)}First {another}, then.\n</think>\n{text}'
    if form == 6:
        return f'{prose(rng)}```xml\n{text}\n```'
    if form == 7:
        return rng.choice(('\n', '```\n', '')) + text.removeprefix('<tool_call>') + '\n```'
    if form == 8 and '\r' not in text:
        return text.replace('\n', '\r\n')
    return text


@FORMATS
def test_a_call_is_read_as_it_was_made(tool_format):
    for seed in range(CASES['exact']):
        rng = random.Random(seed)
        tools = some_tools(rng)
        call = some_call(tools, rng)
        text = around(tool_format.call_text(call), tool_format, tools, rng)
        assert read(tool_format, text, tools) == (call.name, call.arguments), (seed, text)


@FORMATS
def test_a_call_that_has_no_end_is_none(tool_format):
    end = '</function>' if tool_format.name == 'nemotron' else '}'
    for seed in range(CASES['no_end']):
        rng = random.Random(seed)
        tools = some_tools(rng)
        text = tool_format.call_text(some_call(tools, rng))
        cut = text[: rng.randrange(text.rindex(end) + len(end))]
        cut = re.sub(r'\n</function>\s*$', '', cut)
        before = rng.choice(('', prose(rng), '<think>\nHm.\n</think>\n', '<think>\nHm. '))
        assert read(tool_format, before + cut, tools) is None, (seed, before + cut)


@FORMATS
def test_a_call_that_is_only_talked_about_is_none(tool_format):
    for seed in range(CASES['no_call']):
        rng = random.Random(seed)
        tools = some_tools(rng)
        text = rng.choice((prose(rng) * 2, mention(tool_format, tools, rng)))
        assert read(tool_format, text, tools) is None, (seed, text)


def mutated(text, other, rng):
    """A text with one thing wrong; `other` is for a splice."""
    first, second = sorted(rng.choices(range(len(text) + 1), k=2))
    piece = text[first:second]
    change = rng.randrange(9)
    if change == 0:
        return text[:first] + text[second:]
    if change == 1:
        return text[:second] + piece + text[second:]
    if change == 2:
        third = rng.randrange(second, len(text) + 1)
        return text[:first] + text[second:third] + piece + text[third:]
    if change == 3:
        return text[:first] + other[rng.randrange(len(other)) :]
    if change == 4:
        return text[:first] + other + text[first:]
    if change == 5:
        return text.replace('\n', '\r\n')
    if change == 6:
        tag = rng.choice(re.findall(r'</?\w+[^>]*>\n?|["{},]', text) or [' '])
        return text[:first] + text[first:].replace(tag, rng.choice(NOISE), 1)
    return text[:first] + rng.choice(NOISE) + text[first:]


def is_from(value, text):
    """Whether all of a value stands in a text."""
    if isinstance(value, dict):
        return all(is_from(key, text) and is_from(item, text) for key, item in value.items())
    if isinstance(value, list):
        return all(is_from(item, text) for item in value)
    if isinstance(value, str):
        plain = text.replace('\r\n', '\n')
        return any(value in form for form in (text, plain, unescaped(text), unescaped(plain)))
    if value is None or isinstance(value, bool):
        return str(value) in text or json.dumps(value) in text
    numbers = re.findall(r'-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?', text)
    return any(float(number) == float(value) for number in numbers)


def unescaped(text):
    def plain(escape):
        if escape[0] == "\\'":
            return "'"
        return str(json.loads(f'"{escape[0]}"'))

    plain_text = re.sub(r'(?:\\u[0-9a-fA-F]{4})+|\\["\\/bfnrt\']', plain, text)
    return plain_text.encode('utf-8', 'replace').decode()


def was_made(tool_format, name, arguments, text):
    """Whether name and arguments stand together, with no beginning of a call between them."""
    if tool_format.name == 'nemotron':
        parts = text.split('<function=')
    else:
        parts = re.split(r'<tool_call>\s*(?=\{\s*"name")', text)
    return any(name in part and is_from(arguments, part) for part in parts)


@FORMATS
def test_what_is_read_of_a_spoilt_reply_stands_in_it(tool_format):
    n_calls = 0
    for seed in range(CASES['mutated']):
        rng = random.Random(seed)
        tools = ROBOT_TOOLS if rng.random() < 0.3 else some_tools(rng)
        calls = [some_call(tools, rng) for _ in range(2)]
        text, other = map(tool_format.call_text, calls)
        if rng.random() < 0.5:
            text = around(text, tool_format, tools, rng)
        for _ in range(rng.randrange(1, 4)):
            text = mutated(text, other, rng)
        found = read(tool_format, text, tools)
        n_calls += found is not None
        assert found is None or was_made(tool_format, *found, text), (seed, found, text)
    assert n_calls > CASES['mutated'] / 10


@FORMATS
def test_what_is_said_only_grows(tool_format):
    for seed in range(CASES['spoken']):
        rng = random.Random(seed)
        said = ''.join(rng.choices(PIECES, k=rng.randrange(12)))
        text = json.dumps(said) if rng.random() < 0.3 else said
        text = tool_format.call_text(ToolCall('', 'say', {'note': 'x', 'text': text}))
        if rng.random() < 0.5:
            text = mutated(text, text, rng)
        spoken = ''
        for end in range(len(text) + 1):
            longer = tool_format.spoken_so_far(text[:end], 'text')
            assert longer.startswith(spoken), (seed, text[:end])
            spoken = longer


FRAGMENTS = st.sampled_from(NOISE + PIECES) | st.text(max_size=6)


@hypothesis.given(st.lists(FRAGMENTS, max_size=14).map(''.join))
@hypothesis.settings(max_examples=HYPOTHESIS_CASES, deadline=None)
def test_whatever_a_model_writes_is_read_or_is_a_problem(text):
    for tool_format in TOOL_FORMATS.values():
        call = tool_format.parse(text, ROBOT_TOOLS)
        if isinstance(call, ToolCall):
            assert was_made(tool_format, call.name, dict(call.arguments), text)
            json.dumps(dict(call.arguments), allow_nan=False)
        else:
            assert call.text.endswith('.')
        tool_format.spoken_so_far(text, 'text')
        tool_format.called_name(text)
        tool_format.dress(text)


def test_there_are_20_000_cases():
    assert len(TOOL_FORMATS) * sum(CASES.values()) + HYPOTHESIS_CASES == 20_000
