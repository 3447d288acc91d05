import pytest

from nemotron_agent.core.disabled_note import with_disabled_note, without_disabled_note
from nemotron_agent.core.fact_condition import FactCondition


def test_the_model_is_told_what_cannot_be_used_and_why():
    told = with_disabled_note('go', {'drive': 'battery at least 0.2', 'dock': 'e_stop false'})
    assert told == (
        'go\n(Cannot be used now: drive, it needs battery at least 0.2; dock, it needs e_stop '
        'false.)'
    )
    assert without_disabled_note(told) == 'go'


def test_a_command_stays_as_it_is_when_all_can_be_used():
    assert with_disabled_note('go', {}) == without_disabled_note('go') == 'go'


@pytest.mark.parametrize(
    ('wants', 'text'),
    [
        ({'equals': False}, 'a false'),
        ({'equals': 'map'}, 'a "map"'),
        ({'minimum': 0.2}, 'a at least 0.2'),
        ({'minimum': 1, 'maximum': 2}, 'a at least 1 and at most 2'),
    ],
)
def test_what_a_condition_wants(wants, text):
    assert FactCondition(fact='a', max_age_sec=1, **wants).wanted == text
