import dataclasses

import pytest

from nemotron_agent.core.doubts.corrected_command import corrected
from nemotron_agent.testing.robot_tools import tool

TOOLS = (
    tool('go', 'Go.', ('place',), place={'type': 'string', 'enum': ['valve 3', 'valve 7', 'bar']}),
    tool('turn', 'Turn.', ('to',), to={'type': 'string', 'enum': ['left', 'right']}),
    tool('stop', 'Stop.', ()),
)


@pytest.mark.parametrize(
    ('said', 'meant'),
    [
        ('Drive to valve 3, no wait, to valve 7.', 'Drive to valve 7.'),
        ('Turn left, sorry, I mean right, by 30 degrees.', 'Turn right, by 30 degrees.'),
        ('Go to the bar. No, sorry, I meant valve 3.', 'Go to the valve 3.'),
        ('go to the bar uh wait no not there i mean valve 7', 'go to the valve 7'),
        ('Go to the bar, no, valve 7, and stop.', 'Go to the valve 7, and stop.'),
    ],
)
def test_a_value_that_is_taken_back_is_replaced(said, meant):
    assert corrected(said, TOOLS) == meant


@pytest.mark.parametrize(
    'command',
    [
        'Drive to valve 3, then to valve 7.',
        'Not left but right.',
        'Is there no bar, no valve 3?',
        'Say "to the bar, no, to valve 3".',
        'Turn left, sorry, I am late for the bar.',
    ],
)
def test_all_else_stays_as_it_was_said(command):
    assert corrected(command, TOOLS) == command


def test_other_words_for_values_are_taken_back_too():
    aliases = {'left': ('links',), 'right': ('rechts',)}
    turn = dataclasses.replace(TOOLS[1], aliases=aliases)
    assert corrected('Dreh dich nach links, nein, rechts.', [turn]) == 'Dreh dich nach rechts.'
