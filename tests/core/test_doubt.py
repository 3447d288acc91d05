import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.doubt import Doubt
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.testing.listed_model import ListedModel
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, STOP

GO = ToolCall('1', 'navigate_to', {'place': 'kitchen'})
ANYONE = 'robot has skills'


def holds_back(likelihoods, min_support=0.0, commands=('go',), call=GO, spec=NAVIGATE_TO):
    model = ListedModel([])
    model.likelihoods = likelihoods
    return Doubt(min_support).holds_back(model, commands, call, spec, CancelToken())


@pytest.mark.parametrize(
    ('wanted', 'anyone', 'min_support', 'held_back'),
    [
        (-5.0, -9.0, 0.0, False),
        (-9.0, -5.0, 0.0, True),
        (-5.0, -5.0, 0.0, False),
        (-5.0, -6.0, 2.0, True),
        (-6.0, -5.0, -2.0, False),
    ],
)
def test_a_call_the_words_do_not_support_is_held_back(wanted, anyone, min_support, held_back):
    likelihoods = {
        'A robot skill: Drive to a named place (place kitchen).': wanted,
        ANYONE: anyone,
    }
    assert holds_back(likelihoods, min_support) is held_back


def test_a_skill_without_arguments_is_told_by_its_description():
    likelihoods = {'A robot skill: Stop all motion at once.': -9.0, ANYONE: -1.0}
    assert holds_back(likelihoods, call=ToolCall('1', 'stop', {}), spec=STOP)


def test_the_command_before_is_told_on_both_sides():
    before = 'The command before was: "turn left"'
    assert holds_back({before: -1.0}, commands=('turn left', 'again')) is False
    assert holds_back({f'kitchen).\n{before}': -9.0, before: -1.0}, commands=('turn left', 'x'))


def test_a_model_that_cannot_tell_doubts_nothing():
    assert not holds_back({})
    assert not holds_back({ANYONE: -1.0})
