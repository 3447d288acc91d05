import itertools

import jsonschema
import numpy as np
import pytest

from nemotron_agent.core.errors import ConfigurationError, EvaluationError
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.llm.call_grammar import CallGrammar
from nemotron_agent.llm.grammar_text import Marker
from nemotron_agent.llm.llama_context import LlamaModel
from nemotron_agent.llm.tool_formats import TOOL_FORMATS
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, ROBOT_TOOLS, STOP, tool

RUNS = 500


@pytest.fixture(scope='module')
def vocabulary(tiny_hybrid_path):
    model = LlamaModel(tiny_hybrid_path, vocabulary_only=True)
    yield model.vocabulary
    model.close()


@pytest.fixture(scope='module')
def smollm2_vocabulary(smollm2_path):
    model = LlamaModel(smollm2_path, vocabulary_only=True)
    yield model.vocabulary
    model.close()


@pytest.fixture(params=TOOL_FORMATS.values(), ids=TOOL_FORMATS)
def tool_format(request):
    return request.param


def grammar_of(vocabulary, tool_format):
    begin, end = tool_format.call_begin, tool_format.call_end
    return CallGrammar(
        vocabulary.grammar_tokenizer,
        tool_format,
        Marker(begin, vocabulary.single_token(begin)),
        Marker(end, vocabulary.single_token(end)),
    )


def written_at_random(matcher, random):
    tokens = []
    while not matcher.is_complete:
        step = matcher.forced() or [int(random.choice(matcher.allowed()))]
        matcher.consume(step)
        tokens += step
    return tokens


def check_runs(vocabulary, tool_format, runs):
    grammar = grammar_of(vocabulary, tool_format)
    random = np.random.default_rng(7)
    called = set()
    for _ in range(runs):
        text = vocabulary.detokenize(written_at_random(grammar.matcher(ROBOT_TOOLS), random))
        call = tool_format.parse(text, ROBOT_TOOLS)
        assert isinstance(call, ToolCall), text
        spec = next(tool for tool in ROBOT_TOOLS if tool.name == call.name)
        jsonschema.validate(dict(call.arguments), spec.parameters)
        assert list(call.arguments) == [
            n for n in spec.parameters['properties'] if n in call.arguments
        ]
        called.add(call.name)
    assert called == {tool.name for tool in ROBOT_TOOLS}


def test_random_choices_of_bytes_are_always_a_valid_call(vocabulary, tool_format):
    check_runs(vocabulary, tool_format, RUNS)


@pytest.mark.model
def test_random_choices_of_a_real_vocabulary_are_always_a_valid_call(
    smollm2_vocabulary, tool_format
):
    check_runs(smollm2_vocabulary, tool_format, RUNS)


def test_every_valid_call_can_be_written(vocabulary, tool_format):
    grammar = grammar_of(vocabulary, tool_format)
    places = ('kitchen', 'kitchen table', 'dock')
    calls = [
        ToolCall('', 'navigate_to', {'place': place, **speed})
        for place, speed in itertools.product(places, ({}, {'speed': 0.25}))
    ]
    calls.append(ToolCall('', 'say', {'text': 'Größe "1", 2 < 3 & \\ {}\n</p>\n日本'}))
    calls.append(ToolCall('', 'stop', {}))
    for call in calls:
        matcher = grammar.matcher(ROBOT_TOOLS)
        matcher.consume(vocabulary.tokenize(tool_format.call_text(call)))
        assert matcher.is_complete


@pytest.mark.parametrize(
    'arguments',
    [
        {'place': 'moon'},
        {'speed': 0.5},
        {'place': 'dock', 'speed': 1.6},
        {'place': 'dock', 'height': 1},
        {'speed': 0.5, 'place': 'dock'},
    ],
)
def test_an_invalid_call_cannot_be_written(vocabulary, tool_format, arguments):
    matcher = grammar_of(vocabulary, tool_format).matcher((NAVIGATE_TO,))
    text = tool_format.call_text(ToolCall('', 'navigate_to', arguments))
    with pytest.raises(EvaluationError, match='the grammar failed'):
        matcher.consume(vocabulary.tokenize(text))


def test_forced_tokens_are_those_of_the_tokenizer(vocabulary, tool_format):
    matcher = grammar_of(vocabulary, tool_format).matcher((STOP,))
    forced = matcher.forced()
    matcher.consume(forced)
    assert matcher.is_complete
    assert forced == vocabulary.tokenize(tool_format.call_text(ToolCall('', 'stop', {})))


def test_a_matcher_does_not_change_the_next_one(vocabulary, tool_format):
    grammar = grammar_of(vocabulary, tool_format)
    first = grammar.matcher(ROBOT_TOOLS)
    first.consume(first.forced())
    second = grammar.matcher(ROBOT_TOOLS)
    assert second.forced()[0] == vocabulary.single_token('<tool_call>')


@pytest.mark.parametrize(
    ('schema', 'message'),
    [
        ({'type': 'object'}, "bad.x: the type 'object' is not supported"),
        ({}, 'bad.x: the type None is not supported'),
        ({'type': 'string', 'pattern': 'a*'}, 'the schema keyword "pattern" is not supported'),
        ({'type': 'string', 'enum': []}, 'enum is empty'),
        ({'type': 'integer', 'minimum': 2, 'maximum': 1}, 'bad.x: no number lies between'),
        (
            {'type': 'array', 'items': {'type': 'array', 'items': {'type': 'null'}}},
            'bad.x: arrays of arrays are not supported',
        ),
        ({'type': 'array'}, 'bad.x: the type None is not supported'),
    ],
)
def test_a_schema_that_no_grammar_can_say_is_an_error(vocabulary, tool_format, schema, message):
    grammar = grammar_of(vocabulary, tool_format)
    with pytest.raises(ConfigurationError) as caught:
        grammar.matcher((tool('bad', x=schema),))
    assert message in str(caught.value)


def test_a_grammar_beyond_measure_is_an_error(vocabulary):
    endless = {'enum': [f'value {number}' for number in range(70000)]}
    with pytest.raises(ConfigurationError, match='no grammar can be made of these tools: .+'):
        grammar_of(vocabulary, TOOL_FORMATS['hermes']).matcher((tool('bad', x=endless),))


def test_parameters_must_be_an_object(vocabulary, tool_format):
    spec = tool('bad')
    spec.parameters['type'] = 'array'
    with pytest.raises(ConfigurationError, match='tool bad: its parameters are no schema'):
        grammar_of(vocabulary, tool_format).matcher((spec,))
