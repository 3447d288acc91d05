import json
import math

import pytest

from nemotron_agent.core.gate import Verdict
from nemotron_agent.perception.fact_store import FactStore

from .policy_under_test import decide, make_policy, request

RULES = """
facts:
  battery: {topic: battery_state, type: sensor_msgs/msg/BatteryState, field: percentage}
  e_stop: {topic: e_stop, type: std_msgs/msg/Bool, field: data}
preconditions:
  - rule: charged
    skills: ['domain:navigation']
    fact: battery
    minimum: 0.2
    maximum: 1
    max_age_sec: 3600
  - {rule: e-stop is out, fact: e_stop, equals: false, max_age_sec: 3600}
"""


@pytest.fixture
def facts():
    store = FactStore()
    store.put('battery', 0.5)
    store.put('e_stop', False)
    return store


def ask(facts, skill='go_to'):
    arguments = {'place': 'dock'} if skill == 'go_to' else {}
    return decide(make_policy(RULES, facts=facts), skill, **arguments)


def test_all_is_well(facts):
    assert ask(facts)[0] is Verdict.ALLOW


@pytest.mark.parametrize(
    ('value', 'reason'),
    [
        (0.19, 'the battery is 0.19 and must be 0.2 at least'),
        (1.1, 'the battery is 1.1 and must be 1 at most'),
        (None, 'the robot has not said its battery'),
        (math.nan, 'the battery is NaN, which is no number'),
        (True, 'the battery is true, which is no number'),
        ('full', 'the battery is "full", which is no number'),
        ({'x': 1}, 'the battery is {"x": 1}, which is no number'),
        ('a' * 100, f'the battery is "{"a" * 58}…, which is no number'),
    ],
)
def test_a_fact_that_is_not_as_it_must_be(facts, value, reason):
    facts.put('battery', value)
    assert ask(facts) == (Verdict.DENY, 'charged', reason)
    assert ask(facts, 'grasp')[0] is Verdict.ALLOW  # no rule about it


@pytest.mark.parametrize('value', [True, 0, 'false', 1.0])
def test_a_fact_that_does_not_equal(facts, value):
    facts.put('e_stop', value)
    assert ask(facts) == (
        Verdict.DENY,
        'e-stop is out',
        f'the e_stop is {json.dumps(value)} and must be false',
    )


def test_a_fact_that_is_too_old(facts):
    facts.put('e_stop', False, age_sec=4000.0)
    verdict, rule, reason = ask(facts)
    assert (verdict, rule) == (Verdict.DENY, 'e-stop is out')
    assert reason.startswith('what is known of the e_stop is 400')
    assert reason.endswith(' s old and may be 3600 s old')


def test_a_fact_that_was_never_heard():
    assert ask(FactStore())[1:] == ('charged', 'the robot has not said its battery')


def test_a_call_that_waited_is_looked_at_again(facts):
    policy = make_policy(RULES, facts=facts)
    asked = request('go_to', place='dock')
    decision = policy.decide(asked)
    assert policy.recheck(asked, decision) is decision
    facts.put('e_stop', True)
    again = policy.recheck(asked, decision)
    assert (again.verdict, again.rule) == (Verdict.DENY, 'e-stop is out')
