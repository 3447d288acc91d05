import pytest

from nemotron_agent.core.command_text import (
    MAX_TIMES,
    count_steps,
    first_step,
    is_conditional,
    leaves_open_what,
    most_steps,
    times_wanted,
)


@pytest.mark.parametrize(
    ('command', 'steps'),
    [
        ('Go to the kitchen.', 1),
        ('Please return to the dock, robot!', 1),
        ('drive 0.5 m', 1),
        ('hand me the sandy one', 1),
        ('', 1),
        ('...', 1),
        ('go to the kitchen and grasp the cup', 2),
        ('First go to the dock, then turn left', 2),
        ('Turn left. Drive forward one meter.', 2),
        ('Go to the kitchen, grab the cup and come to the table with it.', 3),
        ('Visit the gate, then the compressor, then the control room.', 3),
        ('Announce "a, b and c", then drive to the workshop.', 2),
        ('Sage „erst dies, dann das“ und fahre zur Küche', 2),
        ('fahre zur Küche, dann drehe dich um', 2),
        ('ve a la cocina y coge la taza', 2),
        ('Enciende la luz, por favor.', 1),
        ('va à la cuisine puis allume la lumière', 2),
        ("d'abord la cuisine, ensuite le salon", 2),
        ('announce hello twice', 2),
        ('go to the kitchen and announce hello three times', 4),
    ],
)
def test_the_steps_of_a_command_are_counted(command, steps):
    assert count_steps(command) == steps


@pytest.mark.parametrize(
    ('command', 'times'),
    [
        ('announce hello', 1),
        ('', 1),
        ('announce hello twice', 2),
        ('Announce "stop it twice"', 1),
        ('wave 3 times, please', 3),
        ('turn left, then turn left again', 2),
        ('Turn left. Turn left.', 2),
        ('drive one meter and do it again', 2),
        ('turn left and then once more', 2),
        ('go to the kitchen again', 1),
        ('go to the kitchen and then to the dock', 1),
        ('say "hi" and then say "hi"', 2),
        ('say "hi" and then say "bye"', 1),
        ('sage zweimal hallo', 2),
        ('winke drei Mal', 3),
        ('drehe dich nach links und noch einmal nach links', 1),
        ('drehe dich um und dann noch einmal', 2),
        ('saluda dos veces', 2),
        ('dis bonjour trois fois', 3),
        ('dis bonjour et encore une fois', 2),
        ('go to the door and wave, twice', 2),
        ('twice', 1),
        ('turn twice as much', 1),
        ('wave twelve times', 12),
        ('wave a hundred times', MAX_TIMES),
        ('wave 500 times', MAX_TIMES),
        ('wave 0 times', 1),
    ],
)
def test_how_often_a_command_wants_one_step(command, times):
    assert times_wanted(command) == times


@pytest.mark.parametrize(
    ('command', 'step'),
    [
        ('Go to the Tank and measure gas.', 'go to the tank'),
        ('Nod, then say hello.', 'nod'),
        ('Go to the kitchen, please.', 'Go to the kitchen, please.'),
        ('', ''),
    ],
)
def test_the_first_step(command, step):
    assert first_step(command) == step


@pytest.mark.parametrize(
    ('command', 'before', 'steps'),
    [
        ('Go to the kitchen.', None, 1),
        ('Drive ahead, turn left, drive back.', None, 3),
        ('Switch on the light, please.', None, 1),
        ('Say "hello, my friend, how are you".', None, 1),
        ('Fetch the book and put it on the table.', None, 4),
        ('Bring mir die Tasse.', None, 3),
        ('Ouvre la porte.', None, 1),
        ('Check the battery, if it is low go to the dock.', None, 3),
        ('Do the same at the tank.', 'Go to the valve and measure the gas.', 2),
        ('Do the same at the tank.', None, 1),
        ('Wave.', 'Go to the valve and measure the gas.', 1),
    ],
)
def test_a_command_may_want_more_steps_than_it_names(command, before, steps):
    assert most_steps(command, before) == steps


@pytest.mark.parametrize(
    ('command', 'expected'),
    [('If you see it, wave.', True), ('Wenn es heiß ist, warte.', True), ('Lift it.', False)],
)
def test_a_condition_shows(command, expected):
    assert is_conditional(command) is expected


@pytest.mark.parametrize(
    ('command', 'expected'),
    [
        ('Bring it over there.', True),
        ('Take that to the kitchen.', True),
        ('Do that.', True),
        ('Move a bit.', True),
        ('Bring es dorthin.', True),
        ('Tráelo aquí.', True),
        ('Apporte-le ici.', True),
        ('Take that cup.', False),
        ('Pick up the hat and bring it to me.', False),
        ('Make me a coffee.', False),
        ('Mach das Licht an.', False),
        ('Enciende la luz.', False),
        ('Ouvre la porte du garage.', False),
    ],
)
def test_what_a_command_does_not_name(command, expected):
    assert leaves_open_what(command) is expected
