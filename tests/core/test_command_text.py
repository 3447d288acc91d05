import pytest

from nemotron_agent.core.command_text import (
    MAX_TIMES,
    count_steps,
    first_step,
    has_alternatives,
    is_conditional,
    leaves_open_what,
    most_steps,
    names_only_text,
    refers_back,
    times_wanted,
    undoes,
    wants_on_failure,
    wants_said,
    wants_the_same,
    without_heading,
    without_negated,
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
    ('command', 'steps'),
    [
        ('Go to the kitchen.', 1),
        ('Drive ahead, turn left, drive back.', 3),
        ('Switch on the light, please.', 1),
        ('Say "hello, my friend, how are you".', 1),
        ('Fetch the book and put it on the table.', 4),
        ('Bring mir die Tasse.', 3),
        ('Ouvre la porte.', 1),
        ('Check the battery, if it is low go to the dock.', 2),
        ('Look ahead. If you see a cup, wave at it, otherwise go to the door.', 2),
        ('Try it. Should that fail, take a photo.', 2),
        ('Do the same at the tank.', 1),
    ],
)
def test_a_command_may_want_more_steps_than_it_names(command, steps):
    assert most_steps(command) == steps


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


@pytest.mark.parametrize(
    ('command', 'rest'),
    [
        ("Go to the door, and don't let go of it.", 'Go to the door, and  .'),
        ('Forget the workshop, I need you in the kitchen.', ' , I need you in the kitchen.'),
        ('Nicht zur Bar, zum Eingang.', ' , zum Eingang.'),
        ("Why don't you go to the door?", "Why don't you go to the door?"),
        ("Don't move.", "Don't move."),
    ],
)
def test_what_is_not_to_be_done_is_left_out(command, rest):
    assert without_negated(command) == rest


@pytest.mark.parametrize(
    ('command', 'wanted'),
    [
        ('Grasp it. Should that fail, wave.', True),
        ("If you can't get through, come back.", True),
        ('Falls der Weg blockiert ist, komm zurück.', True),
        ('If there is a cup, take it.', False),
        ('The pump failed, go there.', False),
    ],
)
def test_what_is_wanted_only_on_failure(command, wanted):
    assert wants_on_failure(command) is wanted


@pytest.mark.parametrize(
    ('command', 'has'),
    [
        ('If it is open, wave, otherwise bow.', True),
        ('If a guest is there, wave; if nobody is there, come back.', True),
        ('If it is open, wave.', False),
        ('Wave and bow.', False),
    ],
)
def test_alternatives(command, has):
    assert has_alternatives(command) is has


@pytest.mark.parametrize(
    ('command', 'same', 'undo', 'back'),
    [
        ('Do that at valve 7 too.', True, False, True),
        ('Noch einmal, bitte.', True, False, True),
        ('Undo that turn.', False, True, True),
        ('Mach das bitte rückgängig.', False, True, True),
        ('Go back to the first of the two.', False, False, True),
        ('Vuelve a la puerta.', False, False, True),
        ('Go to the door.', False, False, False),
    ],
)
def test_what_a_follow_up_refers_to(command, same, undo, back):
    assert (wants_the_same(command), undoes(command)) == (same, undo)
    assert refers_back(command) is back


@pytest.mark.parametrize(
    ('command', 'names'),
    [
        ('Make an announcement to the guests.', True),
        ('Tell them something.', True),
        ('Announce that dinner is ready.', False),
    ],
)
def test_a_text_that_is_only_spoken_of(command, names):
    assert names_only_text(command) is names


@pytest.mark.parametrize(
    ('command', 'rest'),
    [
        ('Three things, please: wave and bow.', 'wave and bow.'),
        ('Say this: "come here".', 'Say this: "come here".'),
        ('Wave: now.', 'Wave: now.'),
    ],
)
def test_what_announces_the_steps(command, rest):
    assert without_heading(command) == rest


@pytest.mark.parametrize(
    ('command', 'wants'),
    [
        ('Let them know that dinner is ready.', True),
        ('Sag den Gästen, dass das Essen fertig ist.', True),
        ('"Dinner is ready", please.', True),
        ('Order me a pizza on the internet.', False),
    ],
)
def test_whether_something_is_to_be_said(command, wants):
    assert wants_said(command) is wants
