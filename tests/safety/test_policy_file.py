import textwrap

import pytest

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.skills.places import Places

from .policy_under_test import PLACES, make_policy

FACTS = 'facts: {pose: {topic: odom, type: nav_msgs/msg/Odometry, field: pose.pose}}\n'
ZONES = 'zones: {margin_m: 0.3, localisation: {fact: pose, max_age_sec: 1}, %s}\n'
SQUARE = '[[0, 0], [1, 0], [1, 1], [0, 1]]'


def error_of(rules='', places=PLACES, **options):
    with pytest.raises(DocumentError) as caught:
        make_policy(rules, places=places, **options)
    return str(caught.value)


@pytest.mark.parametrize(
    ('rules', 'error'),
    [
        ('bound: []', 'policy.yaml:4: bound: this key is not known: did you mean bounds?'),
        (
            'deny: [{rule: a, skills: [drvie], origins: [action]}]',
            'policy.yaml:4: deny[0].skills[0]: there is no skill "drvie": did you mean drive?',
        ),
        (
            "deny: [{rule: a, skills: ['domain:navigaton'], origins: [action]}]",
            'no skill is of "domain:navigaton": did you mean navigation?',
        ),
        (
            'deny: [{rule: a, skills: [drive], origins: [operater]}]',
            'deny[0].origins[0]: "operater" is no origin: use one of: action, service, '
            'topic:command, topic:speech, action:name, service:name',
        ),
        ('deny: [{rule: all, skills: [drive], origins: [action]}]', 'two rules are called "all"'),
        ('deny: [{rule: a, skills: []}]', 'deny[0].skills: [] is empty: add a value'),
        ('deny: [{rule: a, skills: [drive]}]', 'deny[0].origins: this key is missing: add it'),
        ('bounds: [{rule: a, maximum: 1}]', 'a bound is on one argument or one field'),
        ('bounds: [{rule: a, argument: distance}]', 'it has no bound: give it a minimum'),
        (
            'bounds: [{rule: a, argument: distance, minimum: 2, maximum: 1}]',
            'the minimum is over the maximum: exchange them',
        ),
        (
            'bounds: [{rule: a, argument: distance, maximum: .nan}]',
            'is no number: write a number such as 3.5',
        ),
        (
            'bounds: [{rule: a, argument: distanse, maximum: 1}]',
            'none of the skills has a number "distanse": did you mean distance?',
        ),
        (
            'bounds: [{rule: a, skills: [say], argument: text, maximum: 1}]',
            'none of the skills has a number "text": remove it',
        ),
        (
            'bounds: [{rule: a, argument: distance, maximum: 1, unit: kg}]',
            'bounds[0].unit: "kg" does not convert to "m", the unit of drive: use one of: m, cm',
        ),
        (
            'bounds: [{rule: a, skills: [grasp], argument: force, maximum: 1, unit: m}]',
            '"m" does not convert to "", the unit of grasp: use one of: none',
        ),
        (
            'bounds: [{rule: a, skills: [go_to], field: speed, maximum: 1}]',
            'the skill "go_to" does not fill "speed": fill it in the request of the skill',
        ),
        (
            'bounds: [{rule: a, skills: [drive], field: speed, maximum: 1, outside: clamp}]',
            'only an argument can be clamped: use deny',
        ),
        (
            'bounds: [{rule: a, skills: [drive], field: speed, maximum: 1, unit: m/s}]',
            "a field has no unit: give the bounds in the field's own unit",
        ),
        ('rates: [{rule: a, times: 0, per_sec: 1}]', 'rates[0].times: 0 is too small'),
        ('rates: [{rule: a, times: 1, per_sec: .inf}]', 'is not finite: write a finite number'),
        (
            'preconditions: [{rule: a, fact: battery, minimum: 1, max_age_sec: 1}]',
            'preconditions[0].fact: there is no fact "battery": remove it',
        ),
        (
            'preconditions: [{rule: a, fact: b, max_age_sec: 1}]',
            'it compares with nothing, or twice: give equals, or bounds',
        ),
        (
            'preconditions: [{rule: a, fact: b, equals: 1, minimum: 1, max_age_sec: 1}]',
            'it compares with nothing, or twice',
        ),
        (
            'preconditions: [{rule: a, fact: b, minimum: 2, maximum: 1, max_age_sec: 1}]',
            'the minimum is over the maximum',
        ),
        (
            'confirmations: [{rule: a, argument: distance}]',
            'argument and above go together: give both or none',
        ),
        (
            'confirmations: [{rule: a, argument: way, above: 1}]',
            'none of the skills has a number "way"',
        ),
        ('trusted_names_on: [topic]', 'trusted_names_on[0]: "topic" is not one of the values'),
        (
            FACTS + ZONES % 'keep_out: {stairs: [[0, 0], [1, 1]]}',
            'zones.keep_out.stairs: [[0, 0], [1, 1]] is no polygon: write three or more corners',
        ),
        (
            FACTS + ZONES % 'geofence: [[0, 0], [1, 1], [2, a]]',
            'zones.geofence[2]: [2, "a"] is no corner: write [x, y] in metres',
        ),
        (FACTS + ZONES % 'geofence: [[0, 0], [1, 1], [2, 2]]', 'the polygon has no area'),
        (
            FACTS + ZONES % 'geofence: [[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]]',
            'the polygon crosses itself: list the corners in turn, around it',
        ),
        (
            'zones: {margin_m: 0.3, localisation: {fact: pose, max_age_sec: 1}}',
            'zones.localisation.fact: there is no fact "pose"',
        ),
        (
            FACTS + ZONES % f'keep_out: {{charger: {SQUARE}}}',
            'keep_out.charger: the place "dock" at (0, 0) is in the keep-out zone charger or '
            'nearer to it than 0.3 m: move the place, the zone, or lower margin_m (0.3)',
        ),
        (
            FACTS + ZONES % 'geofence: [[-1, -1], [4, -1], [4, 1], [-1, 1]]',
            'zones.geofence: the place "kitchen" at (4, 0) is outside the geofence or nearer',
        ),
        (
            'resources: {named: {bas: {}}}',
            'resources.named.bas: no skill uses the resource "bas": did you mean base?',
        ),
        (
            'resources: {default: {same_or_lower: preempt}}',
            'resources.default.same_or_lower: "preempt" is not one of the values',
        ),
        (
            'resources: {named: {base: {wait: 3}}}',
            'resources.named.base.wait: this key is not known: did you mean wait_sec?',
        ),
    ],
)
def test_a_mistake_is_named_with_file_line_key_and_remedy(rules, error):
    told = error_of(rules)
    assert error in told
    assert told.startswith('policy.yaml:')


def test_an_allow_rule_names_no_one_by_a_name_that_anybody_can_take():
    allow = "allow: [{rule: fleet, origins: ['action:fleet'], skills: ['*']}]\n"
    assert error_of(allow=allow) == (
        'policy.yaml:1: allow[0].origins[0]: "action:fleet" allows by a name that anybody can '
        'give themselves: allow "action", or put it into trusted_names_on'
    )


@pytest.mark.parametrize('text', ['', '- allow', 'deny: []'])
def test_what_is_no_policy(text):
    told = error_of(allow=text)
    assert 'begin with "allow:"' in told or 'allow: this key is missing' in told


def test_a_skill_that_moves_the_robot_must_say_where():
    skills = textwrap.dedent(
        """
        skills:
          - {id: roam, description: Roam., interface: service, datatype: pkg/srv/Roam,
             resources: [base], parameters: {in: []}}
        """
    )
    told = error_of(FACTS + ZONES % 'keep_out: {}', skills=skills, places=Places())
    assert 'the skill "roam" uses the base, and nothing says where it moves the robot' in told
    assert 'give it "motion" in the manifest' in told
