import re

import pytest

from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.said import Said
from nemotron_agent.core.said_quantities import Quantity
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.grammar_text import quantity_regex
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.quantities import as_allowed, shown_units, with_units, without_units
from nemotron_agent.testing.robot_tools import STOP, tool

DISTANCE = {'type': 'number', 'unit': 'm', 'minimum': 0.05, 'maximum': 5.0}
DRIVE = tool(
    'drive',
    'Drive ahead.',
    ('distance_m',),
    distance_m={**DISTANCE, 'description': 'How far [m].'},
    seconds={'type': 'integer', 'unit': 's', 'description': 'How long [s].'},
    volume={'type': 'number', 'unit': 'dB', 'maximum': 100},
    gear={'type': 'integer', 'unit': 'm', 'enum': [1, 2]},
)


def caller(model_path, tool_format):
    return LlamaWorker(
        EngineParameters(
            model_path,
            n_ctx=4096,
            n_threads=1,
            reply_protocol='call_only',
            tool_format=tool_format,
        )
    )


def properties(spec):
    return with_units(spec).parameters['properties']


def converted(name, value):
    return without_units(ToolCall('1', 'drive', {name: value}), DRIVE).arguments[name]


def test_a_number_with_a_unit_is_shown_as_text_with_any_unit_of_its_kind():
    assert properties(DRIVE)['distance_m'] == {
        'type': 'string',
        'description': 'How far, 0.05 to 5 m.',
        'format': '<number> <m|cm|mm|km|in|ft>',
    }
    assert shown_units(properties(DRIVE)['distance_m'])[:2] == ('m', 'cm')
    assert properties(DRIVE)['seconds']['description'] == 'How long.'


def test_the_rest_is_shown_as_it_is():
    for name in ('volume', 'gear'):
        assert properties(DRIVE)[name] == DRIVE.parameters['properties'][name]
        assert not shown_units(properties(DRIVE)[name])
    assert with_units(STOP) is STOP


@pytest.mark.parametrize(
    ('name', 'written', 'number'),
    [
        ('distance_m', '40 cm', 0.4),
        ('distance_m', '0.5 m', 0.5),
        ('distance_m', '10 in', 0.254),
        ('distance_m', '3 ft', 0.9144),
        ('distance_m', '-2 m', -2),
        ('distance_m', '1.5', 1.5),
        ('distance_m', '2cm', 0.02),
        ('distance_m', 0.7, 0.7),
        ('seconds', '2 min', 120),
        ('seconds', '0.5 h', 1800),
    ],
)
def test_what_was_written_becomes_the_number_the_schema_wants(name, written, number):
    value = converted(name, written)
    assert value == pytest.approx(number)
    assert isinstance(value, int) or not float(value).is_integer()


@pytest.mark.parametrize('written', ['40 parsecs', '1.2.3 m', 'far', '', '2 min'])
def test_what_is_no_quantity_of_the_kind_is_left_to_the_schema(written):
    assert converted('distance_m', written) == written


@pytest.mark.parametrize('written', ['50 dB', 'loud'])
def test_other_arguments_are_left_alone(written):
    assert converted('volume', written) == written


def allowed(**said):
    spec = as_allowed(with_units(DRIVE), DRIVE, Said(said))
    return spec.parameters['properties']


def test_where_the_command_tells_quantities_a_number_is_one_of_them():
    schemas = allowed(m=(Quantity(10.0, 'in'), Quantity(0.5, 'm')))
    assert schemas['distance_m'] == {'type': 'string', 'enum': ['10 in', '0.5 m']}
    assert schemas['seconds'] == properties(DRIVE)['seconds']


@pytest.mark.parametrize(('name', 'negative'), [('distance_m', False), ('seconds', True)])
def test_a_number_that_is_never_negative_has_no_sign(name, negative):
    regex = quantity_regex(allowed()[name])
    unit = shown_units(properties(DRIVE)[name])[0]
    assert re.fullmatch(regex, f'4 {unit}')
    assert bool(re.fullmatch(regex, f'-4 {unit}')) is negative


def test_a_tool_without_units_is_allowed_as_it_is_shown():
    assert as_allowed(STOP, STOP, Said({'m': (Quantity(1.0, 'm'),)})) is STOP


def test_quantities_that_are_asked_for_as_text_stay_so():
    shown = with_units(DRIVE)
    assert as_allowed(shown, shown, Said({'m': (Quantity(1.0, 'm'),)})) is shown


def test_a_listed_value_is_one_that_the_command_names():
    turn = tool('turn', '', ('to',), to={'type': 'string', 'enum': ['left', 'right', 'back']})
    spec = as_allowed(turn, turn, Said(listed=frozenset({'right', 'back', 'kitchen'})))
    assert spec.parameters['properties']['to']['enum'] == ['right', 'back']
    assert as_allowed(turn, turn, Said(listed=frozenset({'kitchen'}))) is turn


@pytest.mark.parametrize('tool_format', ['nemotron', 'hermes'])
def test_what_was_said_is_written_and_converted(tiny_hybrid_path, tool_format):
    worker = caller(tiny_hybrid_path, tool_format)
    drive = tool('drive', '', ('distance_m',), distance_m=DISTANCE)
    said = Said({'m': (Quantity(10.0, 'in'),)})
    request = ChatRequest('c', (Message('user', 'ten inches'),), (drive,), said=said)
    reply = worker.reply(request, lambda progress: None, AbortFlag())
    assert reply.message.tool_call.arguments == {'distance_m': 0.254}
    worker.close()


@pytest.mark.parametrize('tool_format', ['nemotron', 'hermes'])
def test_a_call_comes_out_with_numbers_and_its_tokens_are_kept(tiny_hybrid_path, tool_format):
    worker = caller(tiny_hybrid_path, tool_format)
    speed = {'type': 'number', 'unit': 'm/s', 'maximum': 2.0}
    drive = tool('drive', '', ('distance_m', 'speed'), distance_m=DISTANCE, speed=speed)
    messages = [Message('user', 'drive')]
    for _ in range(2):
        request = ChatRequest('c', tuple(messages), (drive,))
        reply = worker.reply(request, lambda progress: None, AbortFlag())
        call = reply.message.tool_call
        assert {type(value) for value in call.arguments.values()} <= {int, float}
        before = worker.tokens_of('c')
        messages += [reply.message, Message('tool', 'done', tool_name='drive')]
    assert reply.usage.reused_tokens > len(before) // 2
    worker.close()
