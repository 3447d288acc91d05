import pytest

from nemotron_agent.core.pinned_facts import is_fact


@pytest.mark.parametrize(
    'command',
    [
        'Remember that the charger is at the dock.',
        'please note: the red cup is mine',
        'OK, and remember the door code is 4711',
        'My name is Ann.',
        'This is the workshop.',
        'The cat is called Tom',
        'call me Bob',
        "Don't forget the plants.",
        'Merk dir, dass die Tür klemmt.',
        'Ich heiße Anna.',
        'Recuerda que la taza es roja.',
        'Me llamo Ana.',
        "Je m'appelle Anne.",
        'Voici la cuisine.',
    ],
)
def test_what_teaches_is_a_fact(command):
    assert is_fact(command)


@pytest.mark.parametrize(
    'command',
    [
        'Go to the kitchen.',
        'Remember what I said?',
        'What is my name?',
        'Do you remember the cup',
        'Take notes to the dock',
        'Noteworthy things first',
        'Call the lift',
        '',
    ],
)
def test_other_commands_are_none(command):
    assert not is_fact(command)
