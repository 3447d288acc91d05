import pytest

from nemotron_agent.core.thinking import Thinking


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
