import math

import hypothesis
import hypothesis.strategies as st

from nemotron_agent.core.gate import Verdict

from .policy_under_test import decide, make_policy, request

BOUNDED = make_policy(
    """
    max_text_characters: 20
    bounds:
      - {rule: short, skills: [drive], argument: distance, minimum: -1, maximum: 2}
      - {rule: slow, skills: [drive], argument: speed, minimum: 0.1, maximum: 1, outside: clamp}
    """
)

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


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@hypothesis.given(distance=values, speed=values, other=values)
def test_what_is_allowed_is_inside_all_bounds(distance, speed, other):
    arguments = {'distance': distance, 'speed': speed, 'other': other}
    decision = BOUNDED.decide(request('drive', **arguments))
    if decision.verdict is Verdict.DENY:
        assert decision.reason
        assert decision.rule in ('short', 'slow', 'finite_numbers', 'max_text_characters')
        return
    assert -1 <= decision.arguments['distance'] <= 2
    assert 0.1 <= decision.arguments['speed'] <= 1
    assert not (isinstance(other, float) and not math.isfinite(other))
    is_clamped = decision.arguments != arguments
    assert (decision.verdict is Verdict.CLAMP) is is_clamped
