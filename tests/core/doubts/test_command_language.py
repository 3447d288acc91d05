import pytest

from nemotron_agent.core.doubts.command_language import is_english


@pytest.mark.parametrize(
    ('command', 'expected'),
    [
        ('Go to the kitchen.', True),
        ('Once more.', True),
        ('Volume forty, no, make that sixty percent.', True),
        ('Drive to Le Havre', True),
        ('', True),
        ('Fahr bitte in die Küche.', False),
        ('Dreh dich.', False),
        ('Enciende la luz, por favor.', False),
        ("Va à l'entrée.", False),
        ('Mets le volume à quarante pour cent.', False),
    ],
)
def test_the_commonest_words_tell(command, expected):
    assert is_english(command) is expected
