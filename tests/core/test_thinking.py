import pytest

from nemotron_agent.core.thinking import Thinking, asks_for_several_steps


@pytest.mark.parametrize(
    'command',
    [
        'go to the kitchen and grasp the cup',
        'First go to the dock, then turn left',
        'Turn left. Drive forward one meter.',
        'fahre zur Küche, dann drehe dich um',
        've a la cocina y coge la taza',
        'va à la cuisine puis allume la lumière',
        "d'abord la cuisine",
    ],
)
def test_several_steps(command):
    assert asks_for_several_steps(command)


@pytest.mark.parametrize(
    'command',
    [
        'go to the kitchen',
        'drive 0.5 m',
        'Stop!',
        'how full is the battery?',
        'hand me the sandy one',
    ],
)
def test_one_step(command):
    assert not asks_for_several_steps(command)


@pytest.mark.parametrize(
    ('thinking', 'command', 'after_failure', 'reasons'),
    [
        (Thinking.OFF, 'do this and that', True, False),
        (Thinking.ON, 'stop', False, True),
        (Thinking.AUTO, 'stop', False, False),
        (Thinking.AUTO, 'stop', True, True),
        (Thinking.AUTO, 'do this and that', False, True),
    ],
)
def test_when_to_reason(thinking, command, after_failure, reasons):
    assert thinking.for_reply(command, after_failure) is reasons
