import pytest

from nemotron_agent.core.said_condition import condition_holds

BATTERY = 'Check the battery. If it is below 30 percent, go to the dock.'


@pytest.mark.parametrize(
    ('command', 'result', 'holds'),
    [
        (BATTERY, 'The battery is at 18 percent.', True),
        (BATTERY, 'The battery is at 71 percent.', False),
        ('If it is over sixty degrees, tell the leader.', 'It is 78.5 degrees.', True),
        ('Wenn sie unter dreißig Prozent ist, fahr zum Dock.', '18 %', True),
        ('Si está por encima de 50 grados, avisa.', '20', False),
        ("Si c'est plus de 50 degrés, préviens.", '60,5', True),
    ],
)
def test_numbers_are_compared(command, result, holds):
    assert condition_holds(command, result) is holds


@pytest.mark.parametrize(
    ('command', 'result'),
    [
        ('Go to the kitchen.', '18'),
        ('If you see a cup, take it.', 'The camera sees: cup 2 m ahead.'),
        (BATTERY, 'It succeeded.'),
        (BATTERY, 'cup 1 m ahead, book 2 m ahead'),
        ('If it is below 30 go to the dock, otherwise to the door.', '71'),
        ('Drive over 3 meters.', '2'),
    ],
)
def test_what_code_cannot_tell_is_left_to_the_model(command, result):
    assert condition_holds(command, result) is None
