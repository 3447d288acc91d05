import pytest

from nemotron_agent.core.said_values import leaves_open, names_value, tells_amount


@pytest.mark.parametrize(
    ('command', 'value', 'named'),
    [
        ('Go to the KITCHEN.', 'kitchen', True),
        ('Go to the bathroom.', 'kitchen', False),
        ('Go to valve 3.', 'valve 3', True),
        ('Go to valve 31.', 'valve 3', False),
        ('Shake head.', 'shake_head', True),
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
    'command',
    [
        *('Drive 2 m.', 'Make a quarter turn.', 'Turn forty degrees.', 'Half a metre back.'),
        *(
            'Fahr einen Meter.',
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
