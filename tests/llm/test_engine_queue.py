"""Several conversations and one engine's thread."""

import threading

import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import StopReason
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import Message
from nemotron_agent.testing.condition import wait_for

from .engine_talk import SYSTEM, TOOLS, Waiting, ask, in_thread, make_engine


@pytest.fixture(scope='module')
def hybrid(tiny_hybrid_path):
    engine = make_engine(tiny_hybrid_path, n_ctx=4096, max_reply_tokens=64)
    yield engine
    engine.close()


def test_waiting_requests_are_served_by_priority_then_in_order(hybrid):
    waiting, served = Waiting(), []
    user = [Message('user', 'hi')]
    threads = [in_thread(lambda: ask(hybrid, user, on_progress=waiting, max_tokens=4))]
    assert waiting.is_held.wait(30)

    def note(name):
        return lambda progress: served.append(name) if name not in served else None

    for name, priority in (('first', 0), ('second', 0), ('urgent', 5)):
        queued = hybrid.n_waiting + 1
        threads.append(
            in_thread(
                lambda name=name, priority=priority: ask(
                    hybrid, user, on_progress=note(name), priority=priority, max_tokens=4
                )
            )
        )
        wait_for(lambda queued=queued: hybrid.n_waiting == queued, 30)
    waiting.let_go.set()
    for thread in threads:
        thread.join()
    assert served == ['urgent', 'first', 'second']


def test_a_cancel_while_waiting_is_answered_at_once(hybrid):
    waiting, cancel, user = Waiting(), CancelToken(), [Message('user', 'hi')]
    thread = in_thread(lambda: ask(hybrid, user, on_progress=waiting, max_tokens=4))
    assert waiting.is_held.wait(30)
    threading.Timer(0.05, cancel.cancel).start()
    reply = ask(hybrid, user, cancel=cancel)
    assert reply.stop_reason is StopReason.CANCELED
    waiting.let_go.set()
    thread.join()


def test_a_short_command_waits_for_one_reply_of_a_long_plan(hybrid):
    waiting, served = Waiting(), []

    def plan():
        for step in range(4):
            ask(
                hybrid,
                [SYSTEM, Message('user', f'step {step}')],
                conversation_id='plan',
                on_progress=waiting if step == 0 else lambda progress: None,
                max_tokens=4,
            )
            served.append('plan')

    def short():
        ask(hybrid, [Message('user', 'hi')], conversation_id='short', max_tokens=4)
        served.append('short')

    planning = in_thread(plan)
    assert waiting.is_held.wait(30)
    asking = in_thread(short)
    wait_for(lambda: hybrid.n_waiting == 1, 30)
    waiting.let_go.set()
    for thread in (planning, asking):
        thread.join()
    # The thread that got its reply may note it after the next reply has begun.
    assert served.index('short') <= 2


def test_closing_ends_what_runs_and_refuses_what_waits(tiny_hybrid_path):
    engine = make_engine(tiny_hybrid_path, n_ctx=4096)
    waiting, outcomes = Waiting(), {}

    def run(name, on_progress):
        try:
            outcomes[name] = ask(engine, [Message('user', 'hi')], on_progress=on_progress)
        except EvaluationError as error:
            outcomes[name] = error

    threads = [in_thread(lambda: run('running', waiting))]
    assert waiting.is_held.wait(30)
    threads.append(in_thread(lambda: run('waiting', lambda progress: None)))
    wait_for(lambda: engine.n_waiting == 1, 30)
    threading.Timer(0.05, waiting.let_go.set).start()
    engine.close()
    for thread in threads:
        thread.join()
    assert outcomes['running'].stop_reason is StopReason.CANCELED
    assert 'is closed' in str(outcomes['waiting'])


def test_what_all_share_is_made_ready_in_the_background(hybrid):
    hybrid.prepare(SYSTEM, TOOLS)
    reply = ask(hybrid, [SYSTEM, Message('user', 'hi')], conversation_id='new')
    assert reply.usage.reused_tokens > 500


def test_what_cannot_be_made_ready_is_logged_and_hurts_nobody(tiny_hybrid_path, caplog):
    engine = make_engine(tiny_hybrid_path, n_ctx=512)
    engine.prepare(SYSTEM, TOOLS)
    assert ask(engine, [Message('user', 'hi')], tools=(), max_tokens=4).usage.generated_tokens
    engine.close()
    assert 'could not be made ready: the KV cache has no room' in caplog.text


def test_closing_ends_what_is_being_made_ready(tiny_hybrid_path):
    engine = make_engine(tiny_hybrid_path, n_ctx=16384, n_batch=16)
    engine.prepare(Message('system', 'word ' * 3000), TOOLS)
    engine.close()
    with pytest.raises(EvaluationError, match='is closed'):
        engine.prepare(SYSTEM, TOOLS)
