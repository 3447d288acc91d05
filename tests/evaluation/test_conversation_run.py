import pytest

from nemotron_agent.core.cancel_token import CancelReason
from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.core.errors import ContextFullError, EvaluationError
from nemotron_agent.core.tool import CallContext, Outcome
from nemotron_agent.evaluation.body import DryBody, stand_in
from nemotron_agent.evaluation.conversation_run import ConversationRun
from nemotron_agent.evaluation.observation import Observation
from nemotron_agent.evaluation.score import score_turn
from nemotron_agent.evaluation.watched_model import WatchedModel
from nemotron_agent.evaluation.watched_tool import WatchedTool
from nemotron_agent.testing.listed_model import ListedModel, calls, fumbles, says
from nemotron_agent.testing.listed_tool import ListedTool

from .lamp_robot import case, turn

DONE = calls('answer', text='Done.')
RED = calls('set_lamp', color='red')


@pytest.fixture
def hold(load):
    """Hold a conversation with listed replies; return the facts and the model."""

    def hold(conversation, *replies, body=None, **changes):
        entry = load(conversation).entries[0]
        model = ListedModel(replies, **changes)
        return ConversationRun(entry, 'c', model, body or DryBody()).run(), model

    return hold


def test_a_dry_conversation(hold):
    facts, model = hold(
        case(turn('Red.'), turn('Hello?')),
        RED,
        calls('set_lamp', color='red', brightness=7),
        calls('beep'),
        calls('say', text='Hi.'),
        DONE,
        calls('ask_operator', question='Yes?'),
    )
    first, second = facts
    assert [call.text for call in first.calls] == [
        'The lamp is red at 50.',
        'The lamp is red at 7.',
        'It succeeded.',
        'It succeeded.',
        'Done.',
    ]
    assert [call.builtin for call in first.calls] == [False] * 4 + [True]
    assert (first.end, first.answer, first.replies, first.prompt_tokens) == (
        'answer',
        'Done.',
        5,
        50,
    )
    assert (second.end, second.answer) == ('ask', 'Yes?')
    assert len(model.requests[-1].messages) == 1 + 10 + 1
    assert model.forgotten == ['c']


def test_it_is_asked_as_the_node_asks(hold):
    _, model = hold(case(turn()), DONE)
    request = model.requests[0]
    assert request.messages[0].content.startswith('You are the mind of a mobile robot.')
    names = [spec.name for spec in request.tools]
    assert names == ['set_lamp', 'beep', 'say', 'go', 'answer', 'ask_operator', 'decline']


def test_planned_results_are_used_up_in_turn(hold):
    results = {'beep': ['One.', {'failed': 'No more.'}], 'say': {'failed': 'Hoarse.'}}
    facts, _ = hold(
        case(turn(), results=results),
        *(
            reply
            for color in ('red', 'blue', 'red')
            for reply in (calls('beep'), calls('set_lamp', color=color))
        ),
        calls('say', text='Hi.'),
        DONE,
    )
    beeps = [(call.outcome, call.text) for call in facts[0].calls if call.tool == 'beep']
    assert beeps == [('succeeded', 'One.'), ('aborted', 'No more.'), ('aborted', 'No more.')]
    assert facts[0].calls[-2].text == 'Hoarse.'


def test_policy_denies(hold):
    deny = [{'tool': 'set_lamp', 'arguments': {'color': 'red'}, 'reason': 'red is for alarms'}]
    facts, _ = hold(case(turn(), deny=deny), RED, calls('set_lamp', color='blue'), DONE)
    first, second, _ = facts[0].calls
    assert (first.outcome, first.text) == ('rejected', 'Not allowed: red is for alarms')
    assert second.outcome == 'succeeded'


def test_what_cannot_be_run_is_refused(hold):
    facts, _ = hold(
        case(turn()),
        calls('set_lamp', color='pink'),
        calls('set_lamp', color='red', fade_sec=11.0),
        calls('fly'),
        DONE,
    )
    assert [call.refused for call in facts[0].calls] == [True, True, True, False]
    assert 'fade_sec: 11.0 is over the limit of 10' in facts[0].calls[1].text
    assert facts[0].out_of_bounds == 0


def test_a_repeat_that_was_not_run_is_marked(hold):
    facts, _ = hold(case(turn()), RED, RED, calls('beep'), DONE)
    assert [call.skipped for call in facts[0].calls] == [False, True, False, False]
    assert [call.tool for call in facts[0].skill_calls] == ['set_lamp', 'beep']


def test_an_interrupt_cancels_the_first_skill(hold):
    conversation = case(
        turn('Beep.', calls=['beep'], interrupt=True),
        turn('Red instead.', calls=[{'set_lamp': {'color': 'red'}}]),
    )
    facts, _ = hold(conversation, calls('beep'), RED, DONE)
    assert (facts[0].end, facts[0].calls[0].outcome) == ('canceled', 'canceled')
    assert facts[1].end == 'answer'
    planned, _ = hold({**conversation, 'results': {'beep': 'Beeped.'}}, calls('beep'), RED, DONE)
    assert planned[0].calls[0].outcome == 'canceled'


def test_replies_that_are_none_are_counted(hold):
    facts, _ = hold(case(turn()), fumbles('{"na', 'It was cut off.'), says(' '), DONE)
    assert (facts[0].unparsed, facts[0].end) == (2, 'answer')


def test_a_model_that_fails_is_a_crash(hold):
    facts, model = hold(case(turn(), turn()), EvaluationError('no numbers'), DONE)
    assert facts[0].crash == 'EvaluationError: no numbers'
    assert facts[0].end == 'model_error'
    assert facts[1].end == 'answer'
    assert model.forgotten == ['c']


def test_a_full_context_is_none(hold):
    facts, _ = hold(case(turn()), ContextFullError(9, 8))
    assert (facts[0].crash, facts[0].end) == ('', 'context_full')


def test_a_defect_is_a_crash_and_not_the_end(hold):
    facts, _ = hold(case(turn(), turn()), KeyError('x'), DONE)
    assert (facts[0].crash, facts[0].end) == ("KeyError: 'x'", 'crash')
    assert facts[1].end == 'answer'


def test_a_skill_that_breaks_is_a_crash(hold):
    class BrokenBody(DryBody):
        def tools(self, robot):
            tools = [stand_in(robot, spec.name, None) for spec in robot.specs]
            broken = ListedTool(
                'beep', [OSError('no buzzer')], parameters=tools[1].spec.parameters
            )
            return [tools[0], broken, *tools[2:]]

    facts, _ = hold(case(turn()), calls('beep'), DONE, body=BrokenBody())
    assert facts[0].crash == 'OSError: no buzzer'


def test_time_is_limited(load):
    entry = load(case(turn())).entries[0]
    reasons = []

    def wait(cancel):
        assert cancel.wait(10)
        reasons.append(cancel.reason)

    model = ListedModel([DONE], before_reply=wait)
    facts = ConversationRun(entry, 'c', model, DryBody(), timeout_sec=0.01).run()
    assert reasons == [CancelReason.TIMED_OUT]
    assert facts[0].end == 'timed_out'


def test_a_model_that_speaks_freely_asks_in_plain_text(hold):
    facts, _ = hold(
        case(turn(end='ask')), says('Which colour?'), reply_protocol=ReplyProtocol.NATIVE
    )
    assert facts[0].end == 'ask'


def test_the_watched_model_is_the_model(load):
    listed = ListedModel([])
    model = WatchedModel(listed)
    assert (model.name, model.n_ctx) == ('listed', 4096)
    model.prepare(None, ())
    model.forget('x')
    model.close()
    assert (listed.forgotten, listed.closed) == (['x'], True)


@pytest.mark.parametrize(
    ('arguments', 'seen'),
    [({'color': 'pink'}, 1), ({'color': 'red'}, 0), ({'color': 'red', 'fade_sec': 11.0}, 1)],
)
def test_what_runs_out_of_bounds_is_counted(arguments, seen, load):
    robot = load(case(turn())).entries[0].robot
    skill = robot.manifest.skills[0]
    careless = ListedTool('set_lamp', parameters=robot.specs[0].parameters)
    tool = WatchedTool(careless, skill)
    tool.observation = Observation()
    assert tool.run(arguments, CallContext('r')).outcome is Outcome.SUCCEEDED
    assert tool.observation.out_of_bounds == seen


def test_a_stand_in_takes_no_infinite_number(load):
    robot = load(case(turn())).entries[0].robot
    tool = stand_in(robot, 'set_lamp', robot.manifest.skills[0])
    result = tool.run({'color': 'red', 'fade_sec': float('inf')}, CallContext('r'))
    assert result.outcome is Outcome.INVALID
    assert 'inf is not a finite number' in result.text
    with pytest.raises(KeyError):
        stand_in(robot, 'fly', None)


def test_a_whole_conversation_is_scored(hold, load):
    expected = case(turn(calls=[{'set_lamp': {'color': 'red'}}]))
    facts, _ = hold(expected, RED, DONE)
    entry = load(expected).entries[0]
    assert score_turn(entry.case, entry.case.turns[0], facts[0], entry.robot).right
