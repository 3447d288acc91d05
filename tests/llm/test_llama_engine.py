"""The engine on a tiny hybrid in Nemotron's style, and on a small plain transformer."""

import bisect
import dataclasses
import threading
import time

import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatRequest,
    Phase,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
)
from nemotron_agent.core.errors import ConfigurationError, ContextFullError, EvaluationError
from nemotron_agent.core.messages import Message
from nemotron_agent.testing.robot_tools import SAY, tool

from .engine_talk import SYSTEM, TOOLS, Waiting, ask, in_thread, make_engine

COMMANDS = ('go to the dock', 'turn left', 'stop')


@dataclasses.dataclass(frozen=True)
class Kind:
    """A model to test with: its file's fixture, and how to run it."""

    fixture: str
    parameters: dict


HYBRID = Kind('tiny_hybrid_path', {'n_ctx': 8192, 'reply_protocol': 'call_only'})
PLAIN = Kind('smollm2_path', {'n_ctx': 4096, 'tool_format': 'hermes'})


@pytest.fixture(scope='module', params=[HYBRID, PLAIN], ids=['hybrid', 'plain'])
def kind(request):
    return request.param


@pytest.fixture(scope='module')
def shared_engine(request, kind):
    engine = make_engine(request.getfixturevalue(kind.fixture), **kind.parameters)
    yield engine
    engine.close()


@pytest.fixture
def engine(shared_engine):
    shared_engine.forget('c')
    return shared_engine


@pytest.fixture(scope='module')
def hybrid(tiny_hybrid_path):
    engine = make_engine(tiny_hybrid_path, n_ctx=4096, max_reply_tokens=64)
    yield engine
    engine.close()


def follow_up(reply):
    """What a conversation goes on with after a reply."""
    if reply.problem:
        return [reply.message, Message('user', reply.problem)]
    call = reply.message.tool_call
    return [reply.message, Message('tool', 'It succeeded.', tool_name=call.name)] if call else []


def converse(engine, commands=COMMANDS):
    """Give commands one after the other; return messages and replies."""
    messages, replies = [SYSTEM], []
    for command in commands:
        messages.append(Message('user', command))
        for _ in range(2):
            replies.append(ask(engine, messages))
            messages += follow_up(replies[-1])
    return messages, replies


def long_prompt(engine):
    """More than 3,000 tokens; the tiny model has one for each letter."""
    words = 'the robot drives on and on '
    return [SYSTEM, Message('user', words * (130 if engine.name == 'tiny_hybrid' else 460))]


def test_only_new_tokens_are_evaluated_over_turns(engine):
    _, replies = converse(engine)
    before = None
    for reply in replies:
        usage = reply.usage
        assert usage.prompt_tokens == usage.reused_tokens + usage.new_tokens
        assert usage.new_tokens >= 1
        if before is not None:
            # All but what the last call forced at its end, which was never evaluated.
            written = before.prompt_tokens + before.generated_tokens
            assert written - 30 <= usage.reused_tokens <= written
        before = usage


def test_going_on_equals_evaluating_afresh(engine):
    messages, replies = converse(engine, COMMANDS[:2])
    engine.forget('c')
    replayed = [SYSTEM]
    for index, reply in enumerate(replies):
        if index % 2 == 0:
            replayed.append(Message('user', COMMANDS[index // 2]))
        fresh = ask(engine, replayed, conversation_id=f'fresh {index}')
        assert fresh.message.content == reply.message.content
        if reply.message.tool_call:
            assert fresh.message.tool_call.is_same_as(reply.message.tool_call)
        replayed += follow_up(reply)
    assert replayed == messages


def test_another_conversation_between_changes_nothing(engine):
    messages, replies = converse(engine, COMMANDS[:1])
    ask(engine, [SYSTEM, Message('user', 'turn around')], conversation_id='other')
    messages.append(Message('user', 'stop'))
    after = ask(engine, messages)
    engine.forget('c')
    converse(engine, COMMANDS[:1])
    assert ask(engine, messages).message.content == after.message.content


def test_usage_counts_what_was_done(engine):
    reply = ask(engine, [SYSTEM, Message('user', 'stop')])
    assert reply.usage.generated_tokens > 0
    assert 0 < reply.usage.decode_calls <= reply.usage.generated_tokens + 40
    assert reply.usage.prefill_sec > 0
    assert reply.usage.generation_sec > 0


def test_prefill_is_reported_to_its_end(engine):
    reports: list[ReplyProgress] = []
    reply = ask(engine, [SYSTEM, Message('user', 'stop')], on_progress=reports.append)
    prefill = [report for report in reports if report.phase is Phase.PREFILL]
    assert prefill[0].evaluated_tokens == 0
    assert prefill[-1].evaluated_tokens == prefill[-1].new_tokens == reply.usage.new_tokens


def test_replies_of_call_only_are_calls(engine):
    assert engine.reply_protocol is ReplyProtocol.CALL_ONLY
    for reply in converse(engine, COMMANDS[:2])[1]:
        assert reply.problem or reply.message.tool_call.name in {tool.name for tool in TOOLS}


def test_a_cancel_in_mid_prefill_is_answered_and_leaves_a_usable_engine(engine):
    cancel = CancelToken()
    canceled_at = []

    def cancel_after_first_slice(progress):
        if progress.phase is Phase.PREFILL and progress.evaluated_tokens:
            canceled_at.append(time.monotonic())
            cancel.cancel()

    reply = ask(engine, long_prompt(engine), on_progress=cancel_after_first_slice, cancel=cancel)
    assert reply.stop_reason is StopReason.CANCELED
    assert time.monotonic() - canceled_at[0] < 0.5
    assert len(canceled_at) == 1
    assert reply.usage.prompt_tokens > 3000
    after = ask(engine, [SYSTEM, Message('user', 'stop')])
    fresh = ask(engine, [SYSTEM, Message('user', 'stop')], conversation_id='fresh')
    assert after.message.content == fresh.message.content


def test_a_cancel_within_a_decode_call_is_answered(engine):
    started, cancel = threading.Event(), CancelToken()
    canceled_at = []

    def cancel_soon():
        started.wait()
        canceled_at.append(time.monotonic())
        cancel.cancel()

    thread = in_thread(cancel_soon)
    reply = ask(
        engine,
        long_prompt(engine),
        on_progress=lambda progress: started.set(),
        cancel=cancel,
    )
    ended_at = time.monotonic()
    thread.join()
    assert reply.stop_reason is StopReason.CANCELED
    assert ended_at - canceled_at[0] < 1.0
    again = ask(engine, [SYSTEM, Message('user', 'stop')])
    fresh = ask(engine, [SYSTEM, Message('user', 'stop')], conversation_id='fresh')
    assert again.message.content == fresh.message.content


def test_a_cancel_while_generating_is_answered(engine):
    cancel = CancelToken()

    def cancel_at_text(progress):
        if progress.phase is not Phase.PREFILL:
            cancel.cancel()

    reply = ask(
        engine,
        [SYSTEM, Message('user', 'say something')],
        tools=(SAY,),
        on_progress=cancel_at_text,
        cancel=cancel,
    )
    assert reply.stop_reason is StopReason.CANCELED
    assert reply.message.tool_call is None
    assert not reply.problem


def test_a_cancel_before_the_start_evaluates_nothing(engine):
    cancel = CancelToken()
    cancel.cancel()
    reply = ask(engine, [SYSTEM, Message('user', 'stop')], cancel=cancel)
    assert reply.stop_reason is StopReason.CANCELED
    assert reply.usage.decode_calls == 0


def test_a_full_context_is_refused_before_it_is_read(engine):
    with pytest.raises(ContextFullError) as caught:
        ask(engine, [SYSTEM, Message('user', 'word ' * engine.n_ctx)])
    assert caught.value.needed_tokens > engine.n_ctx
    assert 'raise the parameter n_ctx' in str(caught.value)
    assert ask(engine, [SYSTEM, Message('user', 'stop')]).usage.new_tokens > 0


def test_a_prompt_has_as_many_tokens_as_were_counted(engine):
    messages = (SYSTEM, Message('user', 'go to the dock'))
    counted = engine.count_tokens(ChatRequest('c', messages, TOOLS))
    assert ask(engine, messages).usage.prompt_tokens == counted


def test_tokens_are_counted_while_the_engine_is_busy(hybrid):
    held = Waiting()
    thread = in_thread(lambda: ask(hybrid, [Message('user', 'hi')], on_progress=held))
    assert held.is_held.wait(30)
    assert hybrid.count_tokens(ChatRequest('d', (Message('user', 'hi'),), ())) > 0
    held.let_go.set()
    thread.join(30)


def test_a_prompt_that_leaves_the_reserve_is_taken_and_no_longer_one(hybrid):
    def size(words):
        request = ChatRequest('c', (SYSTEM, Message('user', 'word ' * words)), TOOLS)
        return hybrid.count_tokens(request)

    room = hybrid.n_ctx - hybrid.reply_reserve(thinking=False)
    words = bisect.bisect_right(range(hybrid.n_ctx), room, key=size)
    with pytest.raises(ContextFullError) as caught:
        ask(hybrid, [SYSTEM, Message('user', 'word ' * words)])
    assert caught.value.needed_tokens == size(words) + hybrid.n_ctx - room
    assert ask(hybrid, [SYSTEM, Message('user', 'word ' * (words - 1))]).usage.new_tokens > 0


def test_bad_unicode_in_a_tool_result_is_taken(engine):
    messages, _ = converse(engine, COMMANDS[:1])
    messages[-1] = dataclasses.replace(messages[-1], content='broken \udcff\0 result')
    assert ask(engine, messages).usage.new_tokens > 0


def test_an_error_of_the_caller_reaches_the_caller_and_nobody_else(hybrid):
    def fail(progress):
        raise RuntimeError('mine')

    with pytest.raises(RuntimeError, match='mine'):
        ask(hybrid, [Message('user', 'hi')], on_progress=fail)
    assert ask(hybrid, [Message('user', 'hi')]).usage.generated_tokens > 0


def test_a_tool_no_grammar_can_say_is_an_error(hybrid):
    bad = tool('bad', x={'type': 'string', 'pattern': 'a+'})
    with pytest.raises(ConfigurationError, match='"pattern" is not supported'):
        ask(hybrid, [Message('user', 'hi')], tools=(bad,))


def test_nemotrons_template_makes_it_native(hybrid):
    assert hybrid.reply_protocol is ReplyProtocol.NATIVE
    assert hybrid.name == 'tiny_hybrid'
    reply = ask(hybrid, [Message('user', 'hi')])
    assert reply.stop_reason in (StopReason.END, StopReason.LENGTH, StopReason.CALL)


def test_thinking_has_a_budget_and_ends(tiny_hybrid_path):
    engine = make_engine(
        tiny_hybrid_path, n_ctx=4096, max_thinking_tokens=20, reply_protocol='call_only'
    )
    phases = []
    reply = ask(
        engine,
        [Message('user', 'hi')],
        thinking=True,
        on_progress=lambda progress: phases.append(progress.phase),
    )
    engine.close()
    assert Phase.THINKING in phases
    assert reply.message.reasoning
    assert reply.message.tool_call or reply.problem


def test_a_seeded_reply_repeats(tiny_hybrid_path):
    engine = make_engine(tiny_hybrid_path, n_ctx=4096, temperature=1.0, max_reply_tokens=40)
    replies = [ask(engine, [Message('user', 'hi')], conversation_id=str(i)) for i in range(2)]
    engine.close()
    assert replies[0].message.content == replies[1].message.content != ''


def test_a_closed_engine_answers_nobody(tiny_hybrid_path):
    engine = make_engine(tiny_hybrid_path, n_ctx=4096)
    engine.close()
    engine.close()
    engine.forget('c')
    with pytest.raises(EvaluationError, match='the model tiny_hybrid is closed'):
        ask(engine, [Message('user', 'hi')])
    with pytest.raises(EvaluationError, match='the model tiny_hybrid is closed'):
        engine.count_tokens(ChatRequest('c', (Message('user', 'hi'),), ()))
