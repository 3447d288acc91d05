import pytest

from nemotron_agent.core.step_order import in_order


@pytest.mark.parametrize(
    ('command', 'first'),
    [
        ('Before you take a photo, measure the noise.', 'measure the noise'),
        ('On your way to the door, wave at the guests. Then bow.', 'wave at the guests'),
        ('Go to the dock, but on your way stop at the gate.', 'stop at the gate'),
        ('Go to the door, but leave the cup in the kitchen on your way there.', 'leave the cup'),
        ('Drive to the bar, but first bow.', 'bow'),
        ('Wave once you are at the door.', 'you are at the door'),
        ('Bevor du zum Tank fährst, schalte das Licht ein.', 'schalte das Licht ein'),
        ('Fahr zum Tor, aber vorher mach ein Foto.', 'mach ein Foto'),
        ('Antes de ir a la puerta, saluda.', 'saluda'),
        ("Va au bar, mais d'abord salue.", 'salue'),
    ],
)
def test_what_is_to_be_done_first_comes_first(command, first):
    assert in_order(command).startswith(first)


def test_what_follows_stays():
    command = 'Before you go to the door, wave. Then bow.'
    assert in_order(command) == 'wave, then go to the door. Then bow.'


@pytest.mark.parametrize(
    'command',
    [
        'After bowing, turn left.',
        'Turn left and after that wave.',
        'Tell them that the bar opens after six.',
        'Go to the door, then wave.',
        'What did you do before?',
    ],
)
def test_what_is_told_in_order_stays_as_it_is(command):
    assert in_order(command) == command
