import pytest

from nemotron_agent.core.gate import Verdict

from .policy_under_test import decide, make_policy

ALLOW = """
allow:
  - {rule: operators, origins: ['topic:command', action], skills: ['*']}
  - {rule: voice, origins: ['topic:speech'], skills: ['domain:navigation', 's?y']}
deny:
  - {rule: no fleet grasping, origins: ['action:fleet_*'], skills: ['domain:manipulation']}
  - {rule: no turning, origins: ['*'], skills: [turn]}
"""
POLICY = make_policy(allow=ALLOW)


@pytest.mark.parametrize(
    ('origin', 'skill', 'arguments', 'rule'),
    [
        ('topic:command', 'grasp', {}, 'operators'),
        ('action', 'drive', {'distance': 1.0, 'steps': 1}, 'operators'),
        ('action:anybody', 'grasp', {}, 'operators'),
        ('topic:speech', 'go_to', {'place': 'dock'}, 'voice'),
    ],
)
def test_a_rule_allows(origin, skill, arguments, rule):
    assert decide(POLICY, skill, origin, **arguments) == (Verdict.ALLOW, rule, '')


@pytest.mark.parametrize(
    ('origin', 'skill', 'rule'),
    [
        ('topic:speech', 'grasp', 'deny_by_default'),
        ('service', 'go_to', 'deny_by_default'),
        ('topic:other', 'go_to', 'deny_by_default'),
        ('operators', 'go_to', 'deny_by_default'),
        ('ACTION', 'go_to', 'deny_by_default'),
        ('action:fleet_7', 'grasp', 'no fleet grasping'),
        ('topic:command', 'turn', 'no turning'),
    ],
)
def test_what_no_rule_allows_is_denied(origin, skill, rule):
    verdict, found, reason = decide(POLICY, skill, origin)
    assert (verdict, found) == (Verdict.DENY, rule)
    assert f'{skill} for {origin.removesuffix(":fleet_7")}' in reason


def test_an_empty_policy_allows_nothing():
    for empty in ('allow:\n', 'allow: []\n'):
        policy = make_policy(allow=empty)
        assert decide(policy, 'go_to', 'action')[:2] == (Verdict.DENY, 'deny_by_default')


def test_a_request_of_nobody_or_of_an_unknown_skill_is_denied():
    assert decide(POLICY, 'drive', '')[1:] == ('no_origin', 'nobody is named as its origin')
    assert decide(POLICY, 'drivе', 'action')[1] == 'unknown_skill'  # with a Cyrillic e


@pytest.mark.parametrize(
    'claimed', ['service:operators', 'service:topic:command', 'service:action', 'service:*']
)
def test_a_name_gives_no_rights(claimed):
    assert decide(POLICY, 'grasp', claimed)[:2] == (Verdict.DENY, 'deny_by_default')


def test_a_name_gives_rights_where_it_is_believed():
    allow = """
    trusted_names_on: [service]
    allow:
      - {rule: fleet, origins: ['service:fleet'], skills: ['*']}
    """
    policy = make_policy(allow=allow)
    assert decide(policy, 'grasp', 'service:fleet')[0] is Verdict.ALLOW
    for origin in ('service', 'service:other', 'action:fleet', 'action'):
        assert decide(policy, 'grasp', origin)[0] is Verdict.DENY
