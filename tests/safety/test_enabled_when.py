import pytest

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.gate import Verdict
from nemotron_agent.perception.fact_store import FactStore

from .policy_under_test import SKILLS, decide, make_policy

FACTS = """
facts:
  battery: {topic: battery_state, type: sensor_msgs/msg/BatteryState, field: percentage}
"""
CONDITION = 'enabled_when: [{fact: battery, minimum: 0.2, max_age_sec: 10}]'
CONDITIONAL = SKILLS.replace('id: go_to\n', f'id: go_to\n    {CONDITION}\n')


@pytest.fixture
def facts():
    return FactStore()


@pytest.fixture
def policy(facts):
    return make_policy(FACTS, skills=CONDITIONAL, facts=facts)


def test_a_skill_is_enabled_while_its_facts_hold(policy, facts):
    facts.put('battery', 0.5)
    assert policy.disabled_skills() == {}
    assert decide(policy, 'go_to', place='dock')[0] is Verdict.ALLOW
    facts.put('battery', 0.1)
    assert policy.disabled_skills() == {'go_to': 'battery at least 0.2'}
    assert decide(policy, 'go_to', place='dock') == (
        Verdict.DENY,
        'enabled_when of go_to',
        'the battery is 0.1 and must be 0.2 at least',
    )
    assert decide(policy, 'drive', distance=1.0)[0] is Verdict.ALLOW


def test_what_is_not_known_disables(policy):
    assert policy.disabled_skills() == {'go_to': 'battery at least 0.2'}


def test_a_fact_that_nobody_names():
    with pytest.raises(DocumentError) as caught:
        make_policy('', skills=CONDITIONAL)
    assert (
        'the skill "go_to" is enabled by the fact "battery", and there is no such fact: say its '
        'topic here'
    ) in str(caught.value)
