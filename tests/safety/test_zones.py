import math

import pytest

from nemotron_agent.core.gate import Verdict
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.skills.places import Places

from .policy_under_test import SKILLS, decide, make_policy, request

ZONES = """
facts:
  pose: {topic: odom, type: nav_msgs/msg/Odometry, field: pose.pose}
zones:
  frame: map
  margin_m: 0.3
  localisation: {fact: pose, max_age_sec: 3600}
  geofence: [[-2, -3], [6, -3], [6, 3], [-2, 3]]
  keep_out:
    stairs: [[1, 1], [3, 1], [3, 3], [1, 3]]
    hole: [[1.9, -1], [2.1, -1], [2.1, -2], [1.9, -2]]
"""


def at(x, y, yaw=0.0, frame='map', **options):
    store = FactStore()
    orientation = {'x': 0.0, 'y': 0.0, 'z': math.sin(yaw / 2), 'w': math.cos(yaw / 2)}
    value = {'position': {'x': x, 'y': y, 'z': 0.0}, 'orientation': orientation}
    store.put('pose', value, frame=frame, **options)
    return store


def ask(skill, facts=None, **arguments):
    return decide(make_policy(ZONES, facts=facts or at(0, 0)), skill, **arguments)


@pytest.mark.parametrize('point', [(0, 0), (5.6, 0), (0, 2.6), (2, -0.6)])
def test_goals_that_are_free(point):
    assert ask('go_to_point', x=point[0], y=point[1])[0] is Verdict.ALLOW


@pytest.mark.parametrize(
    ('point', 'rule'),
    [
        ((2, 2), 'keep_out stairs'),
        ((0.75, 2), 'keep_out stairs'),
        ((2, -1.5), 'keep_out hole'),
        ((2, -0.75), 'keep_out hole'),
        ((7, 0), 'geofence'),
        ((5.75, 0), 'geofence'),
        ((1e9, 1e9), 'geofence'),
    ],
)
def test_goals_where_the_robot_may_not_be(point, rule):
    verdict, found, reason = ask('go_to_point', x=point[0], y=point[1])
    assert (verdict, found) == (Verdict.DENY, rule)
    assert reason.startswith(f'at ({point[0]:.2f}, {point[1]:.2f}) the robot would be ')
    assert '0.3 m' in reason


def test_a_goal_in_another_frame_is_denied():
    assert ask('go_to_point', x=0.0, y=0.0, frame='odom')[1:] == (
        'zones.frame',
        'the goal is given in the frame "odom" and the zones in "map"',
    )
    assert ask('go_to', place='elsewhere')[1] == 'zones.frame'


def test_a_goal_that_is_not_whole_is_denied():
    assert ask('go_to_point', x=0.0)[1:] == (
        'zones.goal',
        'where go_to_point leads cannot be checked: pose.y has no number',
    )


def test_the_straight_way_to_a_place_is_checked():
    assert ask('go_to', place='kitchen')[0] is Verdict.ALLOW
    verdict, rule, reason = ask('go_to', at(2, -2.2), place='kitchen')
    assert (verdict, rule) == (Verdict.DENY, 'keep_out hole')
    assert reason.startswith('the robot is in the keep-out zone hole or nearer to it than 0.3 m')
    verdict, rule, reason = ask('go_to', at(0, 2.5), place='kitchen')
    assert (verdict, rule) == (Verdict.DENY, 'keep_out stairs')
    assert reason.startswith('on the straight way from (0.00, 2.50) to (4.00, 0.00) the robot ')


@pytest.mark.parametrize(
    ('facts', 'distance', 'rule'),
    [
        (at(0, 0), 5.0, 'all'),
        (at(0, 0), 6.0, 'geofence'),
        (at(0, 0), -2.0, 'geofence'),
        (at(0, 2), 0.6, 'all'),
        (at(0, 2), 0.8, 'keep_out stairs'),
        (at(0, 2), 4.5, 'keep_out stairs'),  # it would end behind them
        (at(4, 2, math.pi), 1.0, 'keep_out stairs'),
        (at(4, 2, math.pi), -1.0, 'all'),
        (at(2, 0, -math.pi / 2), 1.0, 'keep_out hole'),
        (at(1.5, 1.5), 0.1, 'keep_out stairs'),  # it is in them already
    ],
)
def test_a_way_by_a_distance(facts, distance, rule):
    verdict, found, _ = ask('drive', facts, distance=distance)
    assert found == rule
    assert (verdict is Verdict.ALLOW) == (rule == 'all')


@pytest.mark.parametrize(
    ('facts', 'reason'),
    [
        (FactStore(), 'the robot has not said its pose'),
        (at(0, 0, age_sec=4000), 'and may be 3600 s old'),
        (at(0, 0, frame='odom'), 'the pose is in the frame "odom" and the zones in "map"'),
        (at(math.nan, 0), 'the pose is no pose'),
        (at('here', 0), 'the pose is no pose'),
    ],
)
def test_where_the_robot_is_must_be_known(facts, reason):
    for skill, arguments in (('drive', {'distance': 0.1}), ('go_to', {'place': 'dock'})):
        verdict, rule, told = ask(skill, facts, **arguments)
        assert (verdict, rule) == (Verdict.DENY, 'zones.localisation')
        assert told.endswith(reason)
    assert ask('turn', facts, angle=90.0)[0] is Verdict.ALLOW
    assert ask('go_to_point', facts, x=0.0, y=0.0)[0] is Verdict.ALLOW  # its way is planned


@pytest.mark.parametrize(
    'value',
    [
        0.5,
        {'position': {'x': 0, 'y': 0}},
        {'position': {'x': 0, 'y': 0}, 'orientation': {'x': 0, 'y': 0, 'z': 0, 'w': 0}},
        {'position': {'x': 0, 'y': 0}, 'orientation': {'z': 0, 'w': 1}},
        {'position': 1, 'orientation': 2},
    ],
)
def test_what_is_no_pose(value):
    store = FactStore()
    store.put('pose', value, frame='map')
    assert ask('drive', store, distance=0.1)[1:] == ('zones.localisation', 'the pose is no pose')


def test_a_flat_pose_is_one():
    store = FactStore()
    store.put('pose', {'x': 0, 'y': 2, 'theta': 0.0}, frame='map')
    assert ask('drive', store, distance=0.6)[0] is Verdict.ALLOW
    assert ask('drive', store, distance=0.8)[0] is Verdict.DENY


def test_a_clamped_way_is_checked_as_it_is_driven():
    policy = make_policy(
        f'{ZONES}\nbounds: [{{rule: short, argument: distance, maximum: 1, outside: clamp}}]\n',
        facts=at(0, 0),
    )
    assert policy.decide(request('drive', distance=100.0)).verdict is Verdict.CLAMP


def test_a_robot_that_moved_while_the_call_waited():
    facts = at(0, 0)
    policy = make_policy(ZONES, facts=facts)
    asked = request('drive', distance=2.0)
    decision = policy.decide(asked)
    assert decision.verdict is Verdict.ALLOW
    facts.put('pose', {'x': 0, 'y': 2, 'theta': 0.0}, frame='map')
    assert policy.recheck(asked, decision).rule == 'keep_out stairs'


PLACE = '{name: place, type: string, required: true, enum: places}'
MORE_SKILLS = f"""
  - id: go_by_name
    description: Go to a place; its server knows where that is.
    interface: action
    datatype: pkg/action/GoByName
    resources: [base]
    parameters: {{in: [{PLACE}]}}
  - id: plan_by_name
    description: The same, with a planner.
    interface: action
    datatype: pkg/action/GoByName
    resources: [base]
    parameters: {{in: [{PLACE}]}}
    motion: {{way: planned}}
  - id: point_to
    description: Turn to a place.
    interface: action
    datatype: pkg/action/GoByName
    resources: [base]
    parameters: {{in: [{PLACE}]}}
    motion: {{in_place: true}}
  - id: tell_of
    description: Tell of a place.
    interface: topic
    datatype: pkg/msg/Text
    parameters: {{in: [{PLACE}]}}
  - id: go_home
    description: Go to a place, or home.
    interface: action
    datatype: pkg/action/Go
    resources: [base]
    parameters: {{in: [{{name: place, type: string, enum: places}}]}}
    request: {{pose: {{place: place}}}}
  - id: fetch
    description: Go to a place, and on to another.
    interface: action
    datatype: pkg/action/Fetch
    resources: [base]
    parameters:
      in:
        - {{name: start, type: string, required: true, enum: places}}
        - {{name: end, type: string, required: true, enum: places}}
    request: {{start: {{place: start}}, end: {{place: end}}}}
"""


def ask_more(skill, facts, **arguments):
    policy = make_policy(ZONES, facts=facts, skills=SKILLS + MORE_SKILLS)
    return decide(policy, skill, **arguments)


def test_a_place_is_checked_where_the_request_has_only_its_name():
    assert ask_more('go_by_name', at(0, 0), place='kitchen')[0] is Verdict.ALLOW
    assert ask_more('go_by_name', at(0, 2.5), place='kitchen')[1] == 'keep_out stairs'
    assert ask_more('go_by_name', FactStore(), place='kitchen')[1] == 'zones.localisation'
    for skill in ('go_by_name', 'plan_by_name'):
        assert ask_more(skill, at(0, 0), place='elsewhere')[1] == 'zones.frame'
    assert ask_more('plan_by_name', FactStore(), place='kitchen')[0] is Verdict.ALLOW


def test_a_place_that_nobody_goes_to_is_not_checked():
    for skill in ('point_to', 'tell_of'):
        assert ask_more(skill, FactStore(), place='elsewhere')[0] is Verdict.ALLOW


def test_a_goal_that_is_left_out_is_denied():
    assert ask_more('go_home', at(0, 0), place='kitchen')[0] is Verdict.ALLOW
    assert ask_more('go_home', at(0, 0))[1:] == (
        'zones.goal',
        'where go_home leads cannot be checked: it names no place',
    )


def test_the_way_between_two_goals_is_checked():
    assert ask_more('fetch', at(0, 0), start='dock', end='kitchen')[0] is Verdict.ALLOW
    places = Places.model_validate(
        {'places': {'left': {'x': 0, 'y': 1.2}, 'right': {'x': 4, 'y': 1.2}}}
    )
    policy = make_policy(ZONES, facts=at(2, 0), skills=SKILLS + MORE_SKILLS, places=places)
    for place in places.names:
        assert decide(policy, 'go_to', place=place)[0] is Verdict.ALLOW
    assert decide(policy, 'fetch', start='left', end='right')[1] == 'keep_out stairs'
