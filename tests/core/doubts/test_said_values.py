import dataclasses

import pytest

from nemotron_agent.core.doubts.said_values import (
    is_all_of,
    leaves_open,
    named_values,
    names_value,
    opposite_values,
    unused_values,
)
from nemotron_agent.core.number_words import tells_amount
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, tool


@pytest.mark.parametrize(
    ('command', 'value', 'named'),
    [
        ('Go to the KITCHEN.', 'kitchen', True),
        ('Go to the bathroom.', 'kitchen', False),
        ('Go to valve 3.', 'valve 3', True),
        ('Go to valve 31.', 'valve 3', False),
        ('Shake head.', 'shake_head', True),
        ('Go to valve three.', 'valve 3', True),
        ('Go to the pupm room.', 'pump room', True),
        ('Go to the kichen.', 'kitchen', True),
        ('Let me see.', 'left', False),
        ('Look at the kit.', 'kitchen', False),
        ('Drive 0.5 m.', 0.5, True),
        ('Fahr 0,5 m.', 0.5, True),
        ('Drive 5 m.', 0.5, False),
        ('Turn 90 degrees.', 90, True),
        ('Is it true?', True, False),
        ('Use number 1.', True, False),
    ],
)
def test_whether_a_command_names_a_value(command, value, named):
    assert names_value(command, value) is named


@pytest.mark.parametrize(
    ('command', 'named'),
    [('Fahr in die KÜCHE.', True), ('Ve a la cocina.', True), ('Ve a la puerta.', False)],
)
def test_other_words_name_a_value_too(command, named):
    assert names_value(command, 'kitchen', ['Küche', 'cocina', 'kitchenette']) is named
    spec = dataclasses.replace(NAVIGATE_TO, aliases={'kitchen': ('Küche', 'cocina')})
    assert named_values(command, [spec]) == ({'kitchen'} if named else set())
    done = calls('navigate_to', place='kitchen').message.tool_call
    assert unused_values(command, [spec], [done]) == set()


@pytest.mark.parametrize(
    'command',
    [
        *('Drive 2 m.', 'Make a quarter turn.', 'Turn forty degrees.', 'Half a metre back.'),
        *(
            'Dreh dich um fünfzehn Grad.',
            'Gira media vuelta.',
            'Un demi-tour.',
        ),
        *('Once more.', 'The same to the left.'),
    ],
)
def test_an_amount_in_digits_or_words(command):
    assert tells_amount(command)


@pytest.mark.parametrize('command', ['Move some distance.', 'Dreh dich.', 'Gira.', 'Avance.'])
def test_no_amount(command):
    assert not tells_amount(command)


PLACES = ('valve 3', 'valve 7', 'pump room', 'control_room', 'dock')


@pytest.mark.parametrize(
    ('command', 'value', 'is_open'),
    [
        ('Drive to the valve.', 'valve 3', True),
        ('Drive to valve 3.', 'valve 3', False),
        ('Go to the room.', 'pump room', True),
        ('Go to the pump.', 'pump room', False),
        ('Go to the control room.', 'control_room', False),
        ('Go home.', 'dock', False),
    ],
)
def test_a_part_that_several_values_share_leaves_open_which(command, value, is_open):
    assert leaves_open(command, value, PLACES) is is_open


LAMP = tool(
    'lamp', 'Light.', ('color',), color={'type': 'string', 'enum': ['red', 'green']}, dim={}
)


@pytest.mark.parametrize(
    ('command', 'done', 'unused'),
    [
        ('red in the kitchen', [], {'red', 'kitchen'}),
        ('red in the kitchen', [calls('lamp', color='red')], {'kitchen'}),
        ('tell them the kitchen is red', [calls('say', text='The kitchen is red.')], set()),
        ('say "green" in the kitchen', [], {'kitchen'}),
    ],
)
def test_values_that_a_command_names_and_no_call_has(command, done, unused):
    done = [reply.message.tool_call for reply in done]
    assert unused_values(command, [LAMP, NAVIGATE_TO], done) == unused


def test_values_that_a_command_names_outside_of_quotes():
    assert named_values('say "green" in the kitchen', [LAMP, NAVIGATE_TO]) == {'kitchen'}


@pytest.mark.parametrize(
    ('call', 'others'),
    [
        (calls('lamp', color='red'), {'green'}),
        (calls('lamp', color='red', dim=1), {'green'}),
        (calls('navigate_to', place='dock'), set()),
        (calls('forgotten', color='red'), set()),
    ],
)
def test_the_other_of_two_values(call, others):
    tools = {'lamp': LAMP, 'navigate_to': NAVIGATE_TO}
    assert opposite_values([call.message.tool_call], tools) == others


def test_a_text_that_is_the_command_itself():
    assert is_all_of('Send a message.', 'send a message')
    assert not is_all_of('Say hello.', 'Hello.')
