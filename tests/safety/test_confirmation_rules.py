import pytest

from nemotron_agent.core.gate import Verdict

from .policy_under_test import decide, make_policy, request

POLICY = make_policy(
    """
    confirmations:
      - {rule: own hands, skills: [grasp, say], origins: ['topic:command'], confirm: never}
      - {rule: grasping, skills: [grasp]}
      - {rule: far, skills: [drive], argument: distance, above: 200, unit: cm}
    """
)


@pytest.mark.parametrize(
    ('skill', 'origin', 'arguments', 'rule', 'reason'),
    [
        ('grasp', 'action', {}, 'grasping', 'grasp needs an operator to confirm it'),
        ('say', 'action', {'text': 'hi'}, 'confirm of say', 'say needs an operator to confirm it'),
        (
            'drive',
            'action',
            {'distance': -2.5},
            'far',
            'drive with distance -2.5 needs an operator to confirm it',
        ),
        (
            'drive',
            'action',
            {},
            'far',
            'drive with distance None needs an operator to confirm it',
        ),
    ],
)
def test_a_confirmation_is_needed(skill, origin, arguments, rule, reason):
    assert decide(POLICY, skill, origin, **arguments) == (Verdict.CONFIRM, rule, reason)


@pytest.mark.parametrize(
    ('skill', 'origin', 'arguments'),
    [
        ('grasp', 'topic:command', {}),
        ('say', 'topic:command', {'text': 'hi'}),
        ('drive', 'action', {'distance': 2.0}),
        ('turn', 'action', {'angle': 10.0}),
    ],
)
def test_none_is_needed(skill, origin, arguments):
    assert decide(POLICY, skill, origin, **arguments)[0] is Verdict.ALLOW


def test_what_is_to_be_confirmed_is_what_was_clamped():
    policy = make_policy(
        """
        bounds: [{rule: short, argument: distance, maximum: 3, outside: clamp}]
        confirmations: [{rule: far, argument: distance, above: 2, skills: [drive]}]
        """
    )
    decision = policy.decide(request('drive', distance=9.0))
    assert decision.verdict is Verdict.CONFIRM
    assert decision.arguments == {'distance': 3}
    assert 'distance 9 is over the most allowed, 3 m, and was set to that' in decision.reason
