import math

import pytest

from nemotron_agent.core.gate import Verdict

from .policy_under_test import decide, make_policy, request

CM = make_policy(
    """
    bounds:
      - {rule: short, skills: [drive], argument: distance, minimum: 10, maximum: 150, unit: cm}
      - {rule: slow, skills: ['*'], argument: speed, maximum: 0.5, outside: clamp}
      - {rule: pace, skills: [drive], field: speed, minimum: 0.05}
      - {rule: few, argument: steps, maximum: 3, outside: clamp, origins: ['topic:*']}
    """
)


@pytest.mark.parametrize(
    ('arguments', 'rule', 'reason'),
    [
        ({'distance': 2.0}, 'short', 'distance 2 is over the most allowed, 1.5 m'),
        ({'distance': 0.0}, 'short', 'distance 0 is under the least allowed, 0.1 m'),
        ({'distance': 10**400}, 'finite_numbers', 'distance is absurdly large'),
        ({'distance': math.nan}, 'finite_numbers', 'distance is nan, which is no finite number'),
        ({'distance': -math.inf}, 'finite_numbers', 'distance is -inf, which is no finite number'),
        ({}, 'short', 'distance has no number, so its bounds cannot be checked'),
        ({'distance': '1 m'}, 'short', 'distance has no number, so its bounds cannot be checked'),
        ({'distance': True}, 'short', 'distance has no number, so its bounds cannot be checked'),
        ({'distance': 1, 'speed': 0.01}, 'pace', 'speed 0.01 is under the least allowed, 0.05'),
    ],
)
def test_outside_is_denied(arguments, rule, reason):
    assert decide(CM, 'drive', **arguments) == (Verdict.DENY, rule, reason)


def test_inside_is_allowed():
    for distance in (0.1, 1.5, 1):
        assert decide(CM, 'drive', distance=distance)[0] is Verdict.ALLOW


def test_an_argument_is_clamped_where_a_rule_says_so():
    decision = CM.decide(request('drive', distance=1.0, speed=2.0))
    assert decision.verdict is Verdict.CLAMP
    assert decision.arguments == {'distance': 1.0, 'speed': 0.5}
    assert decision.rule == 'slow'
    assert decision.reason == 'speed 2 is over the most allowed, 0.5 m/s, and was set to that'


def test_rules_are_for_their_origins_and_whole_numbers_stay_whole():
    decision = CM.decide(request('drive', 'topic:speech', distance=1.0, steps=9))
    assert decision.arguments == {'distance': 1.0, 'steps': 3}
    assert isinstance(decision.arguments['steps'], int)
    assert decide(CM, 'drive', 'action', distance=1.0, steps=9)[0] is Verdict.ALLOW


def test_a_default_is_bounded_too():
    policy = make_policy(
        """
        bounds:
          - {rule: gentle, skills: [grasp], argument: force, maximum: 3, outside: clamp}
        """
    )
    decision = policy.decide(request('grasp'))
    assert (decision.verdict, decision.arguments) == (Verdict.CLAMP, {'force': 3})


def test_the_limits_of_the_manifest_are_kept():
    policy = make_policy()
    assert decide(policy, 'grasp', force=11.0)[:2] == (Verdict.DENY, 'limits of grasp')
    decision = policy.decide(request('turn', angle=200.0))
    assert (decision.verdict, decision.arguments) == (Verdict.CLAMP, {'angle': 180})


def test_bounds_that_clamp_against_each_other_deny():
    policy = make_policy(
        'bounds: [{rule: far, argument: angle, minimum: 200, outside: clamp, unit: deg}]\n'
    )
    assert decide(policy, 'turn', angle=90.0) == (
        Verdict.DENY,
        'limits of turn',
        'angle 200 is over the most allowed, 180 deg',
    )


@pytest.mark.parametrize(
    ('arguments', 'rule', 'reason'),
    [
        ({'text': 'x' * 11}, 'max_text_characters', 'text has 11 characters and may have 10'),
        ({'text': 'a', 'b': {'c': [math.nan]}}, 'finite_numbers', 'b.c[0] is nan, which is no'),
        ({'text': [[[[[[[[[[1]]]]]]]]]]}, 'max_depth', 'text[0][0]'),
    ],
)
def test_what_no_call_may_hold(arguments, rule, reason):
    policy = make_policy('max_text_characters: 10\n')
    verdict, found, told = decide(policy, 'say', **arguments)
    assert (verdict, found) == (Verdict.DENY, rule)
    assert told.startswith(reason)
