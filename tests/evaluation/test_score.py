import pytest

from nemotron_agent.core.task import TaskResult, TaskStatus
from nemotron_agent.evaluation.facts import CallFacts, TurnFacts, end_of
from nemotron_agent.evaluation.score import confusion_of, score_turn, state_agrees

from .lamp_robot import case, turn

BEEP = CallFacts('beep', {}, 'succeeded')
STATE = {
    'place': 'desk',
    'holding': None,
    'light': True,
    'x': 1.0,
    'y': -2.0,
    'yaw_deg': 179.0,
}


def lamp(color='red', outcome='succeeded', **arguments):
    return CallFacts('set_lamp', {'color': color, **arguments}, outcome)


def expected_lamp(color='red', **arguments):
    return {'set_lamp': {'color': color, **arguments}}


@pytest.fixture
def score(load):
    def score(expected, *calls, tags=('single',), **facts):
        entry = load(case(expected, tags=list(tags))).entries[0]
        facts = TurnFacts(calls=calls, **facts)
        return score_turn(entry.case, entry.case.turns[0], facts, entry.robot)

    return score


@pytest.mark.parametrize(
    ('expected', 'calls', 'tool', 'arguments'),
    [
        (turn(), [], True, True),
        (turn(), [BEEP], False, False),
        (turn(calls=['beep']), [BEEP], True, True),
        (turn(calls=['beep']), [], False, False),
        (turn(calls=['beep']), [BEEP, BEEP], False, False),
        (turn(calls=[expected_lamp()]), [lamp()], True, True),
        (turn(calls=[expected_lamp()]), [lamp('blue')], True, False),
        (turn(calls=[expected_lamp(), 'beep']), [lamp(), BEEP], True, True),
        (turn(calls=[expected_lamp(), 'beep']), [BEEP, lamp()], False, False),
        (turn(calls=[expected_lamp(), 'beep'], any_order=True), [BEEP, lamp()], True, True),
        (turn(calls=['beep'], or_calls=[[expected_lamp()]]), [lamp()], True, True),
        (turn(calls=['beep'], or_calls=[[expected_lamp()]]), [lamp('blue')], True, False),
        (turn(calls=['beep'], or_calls=[[]]), [], True, True),
        (turn(calls=['beep'], never=['beep']), [BEEP], False, False),
        (turn(calls=[expected_lamp()]), [lamp(outcome='rejected')], True, True),
        (turn(calls=[expected_lamp()]), [lamp(outcome='aborted')], True, True),
        (turn(calls=[expected_lamp()]), [lamp(outcome='invalid')], False, False),
        (turn(calls=[expected_lamp()]), [lamp(outcome='invalid'), lamp()], False, False),
    ],
)
def test_tools_and_arguments(expected, calls, tool, arguments, score):
    verdict = score(expected, *calls)
    assert (verdict.tool, verdict.arguments) == (tool, arguments)
    assert verdict.right is arguments


@pytest.mark.parametrize(
    ('expected', 'given', 'right'),
    [
        ({}, {}, True),
        ({}, {'brightness': 50}, True),
        ({}, {'brightness': 60}, False),
        ({'brightness': 50}, {}, True),
        ({'brightness': 60}, {}, False),
        ({'brightness': {'any': True}}, {}, True),
        ({'brightness': {'any': True}}, {'brightness': 7}, True),
        ({}, {'fade_sec': 1.0}, False),
        ({'fade_sec': 1.0}, {}, False),
        ({'fade_sec': {'any': True}}, {}, True),
        ({'fade_sec': {'value': 1.0, 'within': 0.5}}, {'fade_sec': 1.4}, True),
    ],
)
def test_arguments_that_may_be_left_out(expected, given, right, score):
    verdict = score(turn(calls=[expected_lamp(**expected)]), lamp(**given))
    assert verdict.tool
    assert verdict.arguments is right


def test_calls_in_any_order_are_paired_so_that_most_fit(score):
    calls = [expected_lamp({'any_of': ['red', 'blue']}), expected_lamp('red'), 'beep']
    expected = turn(calls=calls, any_order=True)
    assert score(expected, lamp('red'), BEEP, lamp('blue')).arguments
    assert score(expected, lamp('blue'), BEEP, lamp('red')).arguments
    wrong = score(expected, lamp('green'), BEEP, lamp('red'))
    assert wrong.problems == ('set_lamp.color is "green", and should be "red" or "blue"',) or (
        wrong.problems == ('set_lamp.color is "green", and should be "red"',)
    )


@pytest.mark.parametrize(
    ('expected', 'end', 'right'),
    [
        (turn(), 'answer', True),
        (turn(), 'ask', False),
        (turn(), 'decline', False),
        (turn(end='ask'), 'ask', True),
        (turn(end='ask'), 'decline', False),
        (turn(end='decline'), 'answer', False),
        (turn(end='ask_or_decline'), 'ask', True),
        (turn(end='ask_or_decline'), 'decline', True),
        (turn(end='ask_or_decline'), 'answer', False),
        (turn(), 'step_limit', False),
    ],
)
def test_the_kind_of_end(expected, end, right, score):
    assert score(expected, end=end).tool is right


@pytest.mark.parametrize(
    ('expected', 'end', 'right'),
    [
        (turn(calls=['beep']), 'answer', True),
        (turn(calls=['beep']), 'decline', True),
        (turn(calls=['beep']), 'ask', False),
        (turn(calls=['beep']), 'model_error', False),
        (turn(calls=['beep'], end='ask'), 'ask', True),
        (turn(calls=['beep'], interrupt=True), 'canceled', True),
        (turn(calls=['beep'], interrupt=True), 'answer', False),
    ],
)
def test_the_kind_of_end_after_calls(expected, end, right, score):
    assert score(expected, BEEP, end=end).tool is right


def test_calls_that_do_not_count(score):
    answer = CallFacts('answer', {'text': 'Done.'}, 'succeeded', builtin=True)
    again = CallFacts('beep', {}, 'invalid', skipped=True)
    assert score(turn(calls=['beep']), BEEP, again, answer).right


@pytest.mark.parametrize(
    ('tags', 'calls', 'abstain'),
    [
        (['no_tool'], [], True),
        (['ambiguous'], [BEEP], False),
        (['no_tool', 'german'], [lamp(outcome='invalid')], False),
        (['single'], [], None),
    ],
)
def test_abstaining(tags, calls, abstain, score):
    assert score(turn(end='ask_or_decline'), *calls, tags=tags, end='ask').abstain is abstain


@pytest.mark.parametrize(
    ('state', 'agrees'),
    [
        ({'place': 'desk'}, True),
        ({'place': 'window'}, False),
        ({'place': None}, False),
        ({'holding': None}, True),
        ({'holding': {'any_of': ['ball', None]}}, True),
        ({'light': True}, True),
        ({'light': False}, False),
        ({'x': 1.04, 'y': -2.04}, True),
        ({'x': 1.06}, False),
        ({'x': {'value': 1.06, 'within': 0.1}}, True),
        ({'yaw_deg': 181}, True),
        ({'yaw_deg': -179}, True),
        ({'yaw_deg': 182}, False),
        ({'yaw_deg': {'any': True}}, True),
    ],
)
def test_the_state_of_the_robot(state, agrees, score, load):
    assert score(turn(state=state), state=STATE).success is agrees
    expected = load(case(turn(state=state))).entries[0].case.turns[0]
    assert state_agrees(expected, STATE) is agrees


def test_no_state_no_success(score):
    assert score(turn(state={'light': True})).success is None
    assert score(turn(), state=STATE).success is None


def test_what_must_be_said(score):
    expected = turn(answer={'contains': ['40', 'Percent']})
    assert score(expected, answer='It is at 40 percent.').answer
    verdict = score(expected, answer='It is half empty.')
    assert verdict.tool and verdict.arguments and not verdict.right
    assert verdict.problems == (
        'the answer does not say "40"',
        'the answer does not say "Percent"',
    )
    assert score(turn()).answer is None


@pytest.mark.parametrize(
    ('expected', 'facts', 'problems'),
    [
        (
            turn(calls=[expected_lamp()]),
            {'calls': (BEEP,)},
            ['called beep instead of set_lamp'],
        ),
        (turn(never=['beep'], calls=['beep']), {'calls': (BEEP,)}, ['beep must never be called']),
        (
            turn(calls=['beep']),
            {'calls': (BEEP,), 'end': 'step_limit', 'error': 'too many steps'},
            ['ended with step_limit instead of answer (too many steps)'],
        ),
        (
            turn(calls=[expected_lamp(fade_sec=1)]),
            {'calls': (lamp(brightness=3),)},
            [
                'set_lamp.fade_sec is missing, and should be 1',
                'set_lamp.brightness is 3, and should be 50',
            ],
        ),
        (
            turn(calls=[expected_lamp()]),
            {'calls': (lamp(fade_sec=1),)},
            ['set_lamp.fade_sec is 1, and should be left out'],
        ),
        (turn(), {'crash': 'OSError: gone'}, ['crashed: OSError: gone']),
        (
            turn(calls=['beep']),
            {'calls': (CallFacts('beep', {'x': 1}, 'invalid', 'No x.'),)},
            ['refused: beep(x: 1): No x.', 'beep.x is 1, and should be left out'],
        ),
        (
            turn(state={'light': False}),
            {'state': STATE},
            ['light is true, and should be false'],
        ),
    ],
)
def test_problems_in_words(expected, facts, problems, score):
    calls = facts.pop('calls', ())
    assert list(score(expected, *calls, **facts).problems) == problems


@pytest.mark.parametrize(
    ('expected', 'calls', 'end', 'pairs'),
    [
        (turn(calls=['beep']), [BEEP], 'answer', [('beep', 'beep')]),
        (turn(calls=['beep']), [lamp()], 'answer', [('beep', 'set_lamp')]),
        (turn(calls=['beep']), [], 'decline', [('beep', '(decline)')]),
        (turn(end='ask'), [BEEP], 'answer', [('(ask)', 'beep')]),
        (turn(end='ask'), [], 'ask', [('(ask)', '(ask)')]),
        (
            turn(calls=[expected_lamp(), 'beep']),
            [BEEP, BEEP],
            'answer',
            [('beep', 'beep'), ('set_lamp', 'beep')],
        ),
        (
            turn(calls=['beep'], or_calls=[[expected_lamp()]]),
            [lamp()],
            'answer',
            [('set_lamp',) * 2],
        ),
    ],
)
def test_what_was_taken_for_what(expected, calls, end, pairs, load):
    entry = load(case(expected)).entries[0]
    facts = TurnFacts(calls=tuple(calls), end=end)
    assert confusion_of(entry.case.turns[0], facts) == pairs


@pytest.mark.parametrize(
    ('result', 'freely', 'end'),
    [
        (TaskResult(TaskStatus.DONE, answer='Done.'), False, 'answer'),
        (TaskResult(TaskStatus.DONE, answer='Which one?', awaits_reply=True), False, 'ask'),
        (TaskResult(TaskStatus.DONE, answer='Which one? '), True, 'ask'),
        (TaskResult(TaskStatus.DONE, answer='Which one?'), False, 'answer'),
        (TaskResult(TaskStatus.DECLINED), True, 'decline'),
        (TaskResult(TaskStatus.CANCELED), False, 'canceled'),
        (TaskResult(TaskStatus.MODEL_ERROR), False, 'model_error'),
    ],
)
def test_how_a_task_ended(result, freely, end):
    assert end_of(result, freely) == end
