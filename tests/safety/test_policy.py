from nemotron_agent.core.gate import Verdict

from .policy_under_test import decide, make_policy, request

RULES = """
facts: {e_stop: {topic: e_stop, type: std_msgs/msg/Bool, field: data}}
preconditions: [{rule: e-stop is out, fact: e_stop, equals: false, max_age_sec: 1}]
"""


class BrokenFacts:
    def look_up(self, name):
        raise OSError('no memory')


def test_what_cannot_be_checked_is_denied():
    policy = make_policy(RULES, facts=BrokenFacts())
    assert decide(policy, 'grasp') == (
        Verdict.DENY,
        'policy_failed',
        'the policy could not be checked',
    )
    asked = request('grasp')
    allowed = make_policy().decide(asked)
    assert policy.recheck(asked, allowed).rule == 'policy_failed'


def test_checks_come_in_their_order():
    policy = make_policy(
        RULES
        + """
        deny: [{rule: no grasping, skills: [grasp], origins: [service]}]
        bounds: [{rule: gentle, skills: [grasp], argument: force, maximum: 5}]
        """.replace('\n        ', '\n'),
        facts=BrokenFacts(),
    )
    assert decide(policy, 'grasp', 'service', force=float('nan'))[1] == 'no grasping'
    assert decide(policy, 'grasp', force=float('nan'))[1] == 'finite_numbers'
    assert decide(policy, 'grasp', force=6.0)[1] == 'gentle'
    assert decide(policy, 'grasp', force=5.0)[1] == 'policy_failed'
