import pytest

from nemotron_agent.core.doubts.said_condition import (
    ComparedCondition,
    compared_condition,
    without_comparison,
)

BATTERY = 'Check the battery. If it is below 30 percent, go to the dock.'


@pytest.mark.parametrize(
    ('command', 'result', 'holds'),
    [
        (BATTERY, 'The battery is at 18 percent.', True),
        (BATTERY, 'The battery is at 71 percent.', False),
        ('If it is over sixty degrees, go to the dock.', 'It is 78.5 degrees.', True),
        ('Wenn sie unter dreißig Prozent ist, go to the dock.', '18 %', True),
        ('Si está por encima de 50 grados, go to the dock.', '20', False),
        ("Si c'est plus de 50 degrés, go to the dock.", '60,5', True),
    ],
)
def test_numbers_are_compared(command, result, holds):
    left = 'go to the dock' if holds else ''
    assert compared_condition(command, result) == ComparedCondition(holds, left)


@pytest.mark.parametrize(
    ('rest', 'result', 'left'),
    [
        (', otherwise to the door.', '71', 'to the door'),
        (', otherwise to the door.', '18', 'go to the dock'),
        (', sonst zur Tür.', '71', 'zur tür'),
        (' and then wave.', '71', 'wave'),
        (' and then wave.', '18', 'go to the dock and then wave'),
    ],
)
def test_what_is_left_to_do(rest, result, left):
    found = compared_condition(f'If it is below 30, go to the dock{rest}', result)
    assert found == ComparedCondition(result == '18', left)


@pytest.mark.parametrize(
    ('command', 'result'),
    [
        ('Go to the kitchen.', '18'),
        ('If you see a cup, take it.', 'The camera sees: cup 2 m ahead.'),
        (BATTERY, 'It succeeded.'),
        (BATTERY, 'cup 1 m ahead, book 2 m ahead'),
        ('Drive over 3 meters.', '2'),
    ],
)
def test_what_code_cannot_tell_is_left_to_the_model(command, result):
    assert compared_condition(command, result) is None


@pytest.mark.parametrize(
    ('command', 'rest'),
    [
        ('If it is below thirty percent, go to the dock.', 'if it is , go to the dock.'),
        ('Bei unter 25 Prozent fahr 2 m.', 'bei  fahr 2 m.'),
        ('Drive 2 m.', 'Drive 2 m.'),
    ],
)
def test_what_is_compared_with_is_not_what_a_step_is_done_with(command, rest):
    assert without_comparison(command) == rest
