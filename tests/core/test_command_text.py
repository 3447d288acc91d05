import pytest

from nemotron_agent.core.command_text import count_steps


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
    ],
)
def test_the_steps_of_a_command_are_counted(command, steps):
    assert count_steps(command) == steps
