import collections
import re

import pytest

from nemotron_agent.evaluation.case import ABSTAIN_TAGS, TAGS
from nemotron_agent.evaluation.suite import Suite, load_suite, suite_names

LEAST_TURNS = {'train': 75, 'test': 95}
LEAST_OF_A_TAG = 5
STEPS = {
    'single': lambda count: count == 1,
    'multi': lambda count: count > 1,
    'no_tool': lambda count: count == 0,
    'ambiguous': lambda count: count == 0,
}
ROBOTS = {'mobile_base', 'rover', 'social'}


@pytest.fixture(scope='module')
def suites() -> dict[str, Suite]:
    return {name: load_suite(name) for name in suite_names()}


def turns(suite):
    """All (case, turn, tags) of a suite."""
    return [
        (entry.case, turn, entry.case.tags_of(turn))
        for entry in suite.entries
        for turn in entry.case.turns
    ]


def plain(command: str) -> str:
    """A command without case and punctuation."""
    return ' '.join(re.findall(r'\w+', command.casefold()))


def test_train_and_test_are_shipped_with_enough_commands(suites):
    assert set(suites) >= set(LEAST_TURNS)
    for name, least in LEAST_TURNS.items():
        assert len(turns(suites[name])) >= least
        assert {entry.robot.name for entry in suites[name].entries} == ROBOTS


@pytest.mark.parametrize('name', LEAST_TURNS)
def test_every_tag_is_well_represented(suites, name):
    counts = collections.Counter(tag for *_, tags in turns(suites[name]) for tag in tags)

    assert {tag: counts[tag] for tag in TAGS if counts[tag] < LEAST_OF_A_TAG} == {}


def test_no_id_and_no_command_is_in_both(suites):
    ids = [{entry.case.id for entry in suites[name].entries} for name in LEAST_TURNS]
    said = [{plain(turn.say) for _, turn, _ in turns(suites[name])} for name in LEAST_TURNS]

    assert ids[0] & ids[1] == set()
    assert said[0] & said[1] == set()


@pytest.mark.parametrize('name', LEAST_TURNS)
def test_no_command_is_said_twice(suites, name):
    counts = collections.Counter(plain(turn.say) for _, turn, _ in turns(suites[name]))

    assert [command for command, count in counts.items() if count > 1] == []


@pytest.mark.parametrize('name', LEAST_TURNS)
def test_tags_agree_with_the_number_of_steps(suites, name):
    wrong = [
        turn.say
        for _, turn, tags in turns(suites[name])
        for tag, agrees in STEPS.items()
        if tag in tags and not agrees(len(turn.calls))
    ]

    assert wrong == []


@pytest.mark.parametrize('name', LEAST_TURNS)
def test_where_no_skill_may_be_called_the_operator_is_asked_or_refused(suites, name):
    wrong = [
        turn.say
        for _, turn, tags in turns(suites[name])
        if ABSTAIN_TAGS & set(tags) and turn.end == 'answer'
    ]

    assert wrong == []


@pytest.mark.parametrize('name', LEAST_TURNS)
def test_each_planned_result_and_refusal_is_reached(suites, name):
    for entry in suites[name].entries:
        called = {call.tool for turn in entry.case.turns for call in turn.calls}
        planned = {*entry.case.results, *(denial.tool for denial in entry.case.deny)}

        assert planned <= called, entry.case.id


@pytest.mark.parametrize('name', LEAST_TURNS)
def test_an_interrupted_turn_is_followed_by_another(suites, name):
    assert not any(entry.case.turns[-1].interrupt for entry in suites[name].entries)
