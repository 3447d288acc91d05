import pytest

from nemotron_agent.core.builtin_tools import ANSWER
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.doubt import Doubts, call_support
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.testing.listed_model import ListedModel
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, STOP

GO = ToolCall('1', 'navigate_to', {'place': 'kitchen'})
ANYONE = 'robot has skills'


def doubts(likelihoods, min_support=0.0, before=None, tools=(NAVIGATE_TO, STOP)):
    model = ListedModel([])
    model.likelihoods = likelihoods
    model.min_support = min_support
    return Doubts(model, 'go', before, tools, CancelToken())


def holds_back(likelihoods, min_support=0.0, before=None, call=GO):
    return doubts(likelihoods, min_support, before).holds_back(call)


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
    assert holds_back(likelihoods, call=ToolCall('1', 'stop', {}))


def test_the_command_before_is_told_on_both_sides():
    before = 'The command before was: "turn left"'
    assert holds_back({before: -1.0}, before='turn left') is False
    assert holds_back({f'kitchen).\n{before}': -9.0, before: -1.0}, before='turn left')


def test_a_model_that_cannot_tell_doubts_nothing():
    assert not holds_back({})
    assert not holds_back({ANYONE: -1.0})


def test_without_a_least_support_nothing_is_asked():
    assert not holds_back({'A robot skill': -9.0, ANYONE: -1.0}, min_support=None)


def test_support_is_what_the_words_are_likelier_by():
    model = ListedModel([])
    model.likelihoods = {'A robot skill': -3.0, ANYONE: -5.0}
    assert call_support(model, 'go', None, GO, NAVIGATE_TO, CancelToken()) == 2.0


def test_once_a_call_has_run_nothing_is_doubted():
    doubting = doubts({'A robot skill': -9.0, ANYONE: -1.0})
    assert doubting.holds_back(GO)
    assert doubting.withheld == {'navigate_to'}
    doubting.settle()
    assert not doubting.withheld
    assert not doubting.holds_back(GO)


def test_a_tool_that_moves_nothing_or_is_unknown_is_not_doubted():
    likelihoods = {'A robot skill': -9.0, ANYONE: -1.0}
    assert not holds_back(likelihoods, call=ToolCall('1', 'fly', {}))
    doubting = doubts(likelihoods, tools=[ANSWER.spec])
    assert not doubting.holds_back(ToolCall('1', 'answer', {'text': 'hm'}))
