import dataclasses

import pytest

from nemotron_agent.core.agent_events import ResultShortened
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest, StopReason
from nemotron_agent.core.compacted import ContextCompacted
from nemotron_agent.core.context_window import ContextWindow, WindowRules
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.disabled_note import with_disabled_note
from nemotron_agent.core.errors import ContextFullError, EvaluationError, TurnTooLargeError
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.summary_writer import LOWEST_PRIORITY
from nemotron_agent.llm.scripted_model import Script, ScriptedModel
from nemotron_agent.testing.listed_model import ListedModel, says

OPENING = ChatRequest('c', (Message('system', 'You drive a robot today.'),), ())
SCRIPT = {
    'reply_protocol': 'native',
    'rules': [
        {'match': '^Operator:', 'text': 'It went to the dock.'},
        {'match': 'summary so far', 'text': 'It went to the dock and back.'},
        {'match': '', 'text': 'Done.'},
    ],
}


def turn(text, words=10, reasoning=''):
    call = ToolCall(text, 'go_to', {})
    return (
        Message('user', text),
        Message('assistant', '', tool_call=call, reasoning=reasoning),
        Message('tool', 'there\n' + 'w ' * (words - 1), tool_name='go_to'),
        Message('assistant', 'Done.'),
    )


class Talk:
    """A window over a model whose tokens are words, and a conversation of turns of 13 words."""

    def __init__(self, n_ctx=100, turns=0, model=None, words=10, **rules):
        self.model = model or ScriptedModel(Script(n_ctx=n_ctx, **SCRIPT))
        self.window = ContextWindow(self.model, WindowRules(**{'keep_turns': 2, **rules}))
        self.conversation = Conversation('c', [turn(f'go {i}', words) for i in range(turns)])
        self.events = []

    def say(self, *messages):
        present = [Message('user', 'go') if not messages else messages[0], *messages[1:]]
        reply = self.window.reply(
            OPENING,
            self.conversation,
            present,
            lambda progress: None,
            self.events.append,
            CancelToken(),
        )
        return reply, present

    @property
    def tokens(self):
        messages = (*OPENING.messages, *self.conversation.messages)
        return self.model.count_tokens(dataclasses.replace(OPENING, messages=messages))

    def rest(self, cancel=None):
        self.conversation.tokens = self.tokens
        cancel = cancel or CancelToken()
        return self.window.compact_when_idle(OPENING, self.conversation, cancel)


def test_what_fits_is_left_alone():
    talk = Talk(turns=7)
    before = list(talk.conversation.turns)
    talk.say()
    assert talk.conversation.turns == before
    assert talk.events == []
    assert talk.window.compactions == 0


def test_what_does_not_fit_becomes_shorter_down_to_the_low_water_mark():
    talk = Talk(n_ctx=300, turns=30, keep_turns=4)
    reply, _ = talk.say()
    (event,) = talk.events
    assert event.tokens_before > 300
    assert event.tokens_after == reply.usage.prompt_tokens
    assert 100 < event.tokens_after <= 5 + 295 / 2
    left_out = talk.conversation.left_out
    assert (left_out.results, left_out.turns) == (event.results, event.turns)
    assert left_out.note in (message.content for message in talk.conversation.messages)
    assert talk.conversation.turns[-4:] == [turn(f'go {i}') for i in range(26, 30)]
    assert talk.window.compactions == 1
    assert event.text in talk.window.last_compaction


def test_results_are_enough_where_they_are_long():
    talk = Talk(n_ctx=200, turns=6, words=40, keep_turns=1, compact_to=0.6)
    talk.say()
    assert len(talk.conversation.turns) == 6
    assert talk.conversation.left_out.turns == 0
    assert talk.events[0].results > 0
    assert 'tool results shortened to a line' in talk.events[0].text


def test_the_next_compaction_is_many_turns_away():
    talk = Talk(n_ctx=400, words=20)
    turns_between, since = [], 0
    for i in range(100):
        talk.say(Message('user', f'go {i}'))
        talk.conversation.add_turn(turn(f'go {i}', words=20))
        since += 1
        if talk.events:
            turns_between.append(since)
            since = 0
            talk.events.clear()
    assert len(turns_between) > 3
    assert min(turns_between) >= 5


def test_the_newest_turns_give_way_only_where_they_leave_no_room_for_more():
    talk = Talk(n_ctx=300, turns=4, words=60, keep_turns=4)
    talk.say(Message('user', 'w ' * 100))
    (event,) = talk.events
    assert event.results > 0
    assert event.tokens_after <= 5 + 295 * 0.75
    assert talk.conversation.turns[-1] == turn('go 3', 60)


def test_a_long_command_may_fill_what_is_left():
    talk = Talk(n_ctx=300, turns=4, words=10)
    talk.say(Message('user', 'w ' * 250))
    assert 255 < talk.events[0].tokens_after <= 300


def test_a_command_larger_than_the_window_is_refused_with_sizes():
    talk = Talk(turns=3)
    before = list(talk.conversation.turns)
    with pytest.raises(TurnTooLargeError) as caught:
        talk.say(Message('user', 'w ' * 200))
    text = str(caught.value)
    assert 'has 2' in text
    assert 'room for 95: of the 100 tokens' in text
    assert '5 are for system prompt and tools' in text
    assert 'raise the parameter n_ctx' in text
    assert talk.conversation.turns == before
    assert talk.conversation.left_out.note == ''
    assert talk.events == []


def test_old_results_of_the_present_turn_make_room_for_it():
    talk = Talk(n_ctx=100)
    present = [*turn('go', words=60)[:3], *turn('then', words=60)[1:3]]
    _, told = talk.say(*present)
    assert told[2].content == 'there [...]'
    assert told[3:] == present[3:]
    assert talk.events[0].results == 1


def test_facts_outlive_their_turns():
    talk = Talk(n_ctx=200, turns=14, keep_turns=2, compact_to=0.4)
    first = (Message('user', 'Remember that the code is 4711.'), Message('assistant', 'Yes.'))
    talk.conversation.turns.insert(0, first)
    talk.say(Message('user', 'w ' * 30))
    assert talk.conversation.turns[0] != first
    assert '- Remember that the code is 4711.' in talk.conversation.messages[0].content


def test_a_model_that_cannot_count_is_taken_at_its_word():
    refusals = [ContextFullError(4000, 2000), ContextFullError(2500, 2000)]
    talk = Talk(model=ListedModel([*refusals, says('Done.')]), turns=30)
    talk.say()
    sizes = [sum(len(m.content) for m in request.messages) for request in talk.model.requests]
    assert sizes[0] > 2 * sizes[1] > 0
    assert sizes[1] > sizes[2]
    assert [type(event) for event in talk.events] == [ContextCompacted] * 2


def test_a_model_that_does_not_say_how_much_is_too_much():
    talk = Talk(model=ListedModel([ContextFullError(0, 0), says('Done.')]), turns=30)
    talk.say()
    assert 4 < len(talk.conversation.turns) < 30 or talk.conversation.left_out.results


def test_a_model_that_cannot_count_refuses_as_it_did():
    refused = ContextFullError(4000, 2000)
    with pytest.raises(ContextFullError) as caught:
        Talk(model=ListedModel([refused])).say()
    assert caught.value is refused


def test_long_results_are_shortened_when_they_arrive():
    talk = Talk(max_result_characters=100)
    told = talk.window.result_for_model('look', 'x' * 500, talk.events.append)
    assert 'characters left out' in told
    assert talk.events == [ResultShortened('look', 500, 100)]
    assert talk.window.shortened_results == 1
    assert 'result of look' in talk.events[0].text
    assert talk.window.result_for_model('look', 'short', talk.events.append) == 'short'
    assert len(talk.events) == 1


def test_idle_time_is_used_for_a_summary():
    talk = Talk(n_ctx=400, turns=40, words=5)
    compacted = talk.rest()
    assert compacted.is_summarised
    assert compacted.turns == talk.conversation.left_out.turns > 0
    assert 'summarised' in compacted.text
    assert talk.conversation.left_out.summary == 'It went to the dock.'
    assert 'It went to the dock.' in talk.conversation.messages[0].content
    assert talk.conversation.tokens == compacted.tokens_after == talk.tokens
    assert talk.window.compactions == 1


def test_the_next_summary_takes_in_the_one_before():
    talk = Talk(n_ctx=400, turns=40, words=5)
    talk.rest()
    talk.conversation.turns += [turn(f'go {i}', words=5) for i in range(25)]
    assert talk.rest().is_summarised
    assert talk.conversation.left_out.summary == 'It went to the dock and back.'


@pytest.mark.parametrize(
    ('turns', 'rules'), [(30, {}), (40, {'summary_tokens': 0}), (40, {'keep_turns': 40})]
)
def test_nothing_is_summarised_without_need(turns, rules):
    talk = Talk(n_ctx=400, turns=turns, words=5, **rules)
    assert talk.rest() is None
    assert len(talk.conversation.turns) == turns


def test_a_model_that_cannot_count_writes_no_summary():
    model = ListedModel([])
    window = ContextWindow(model, WindowRules())
    conversation = Conversation('c', [turn('go')] * 9, tokens=4000)
    assert window.compact_when_idle(OPENING, conversation, CancelToken()) is None
    assert model.requests == []


class Counting(ListedModel):
    """A listed model whose tokens are words, of which 400 fit."""

    n_ctx = 400

    def count_tokens(self, request):
        return sum(len(message.content.split()) for message in request.messages)


def test_a_summary_waits_behind_everything_and_leaves_nothing_behind():
    talk = Talk(model=Counting([says(' It went\nto the dock. ')]), turns=40, words=5)
    talk.rest()
    (request,) = talk.model.requests
    assert request.priority == LOWEST_PRIORITY
    assert request.max_tokens == 200
    assert request.tools == ()
    assert request.messages[-1].content.startswith('Operator: go 0\nRobot called go_to {}\nResult')
    assert talk.model.forgotten == [request.conversation_id] != ['c']
    assert talk.conversation.left_out.summary == 'It went to the dock.'


def test_a_summary_is_not_of_what_could_not_be_used_then():
    talk = Talk(model=Counting([says('It went to the dock.')]), turns=40, words=5)
    told = with_disabled_note('go', {'grasp': 'the arm to be on'})
    talk.conversation.turns[0] = turn(told, words=5)
    talk.rest()
    (request,) = talk.model.requests
    assert request.messages[-1].content.startswith('Operator: go\nRobot called')


def test_a_summary_that_is_cut_off_says_so():
    long = dataclasses.replace(says('It went'), stop_reason=StopReason.LENGTH)
    talk = Talk(model=Counting([long]), turns=40, words=5)
    talk.rest()
    assert talk.conversation.left_out.summary == 'It went [...]'


def test_a_summary_that_is_empty_changes_nothing():
    talk = Talk(model=Counting([says(' ')]), turns=40, words=5)
    assert talk.rest() is None
    assert len(talk.conversation.turns) == 40


def test_a_summary_that_fails_changes_nothing():
    talk = Talk(model=Counting([EvaluationError('broken')]), turns=40, words=5)
    with pytest.raises(EvaluationError):
        talk.rest()
    assert len(talk.conversation.turns) == 40
    assert talk.model.forgotten


def test_a_summary_of_a_conversation_that_went_on_is_not_used():
    model = Counting(
        [says('It went.')], before_reply=lambda _: talk.conversation.add_turn(turn('new'))
    )
    talk = Talk(model=model, turns=40, words=5)
    assert talk.rest() is None
    assert len(talk.conversation.turns) == 41


def test_a_cancel_ends_a_summary():
    cancel = CancelToken()
    model = Counting([says('It went.')], before_reply=lambda _: cancel.cancel())
    talk = Talk(model=model, turns=40, words=5)
    assert talk.rest(cancel) is None
    assert len(talk.conversation.turns) == 40
