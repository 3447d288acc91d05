"""What a compaction costs in evaluated tokens, on a tiny hybrid."""

import dataclasses
import itertools

import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.compacted import ContextCompacted
from nemotron_agent.core.context_window import ContextWindow, WindowRules
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.messages import Message

from .engine_talk import SYSTEM, TOOLS, make_engine

OPENING = ChatRequest('c', (SYSTEM,), TOOLS)
RESULT = 'It succeeded.\n' + 'The robot is where it was told to go. ' * 3
TURNS = 40


@dataclasses.dataclass(frozen=True)
class Reply:
    """A reply's cost, and the compaction before it, if there was one."""

    prompt_tokens: int
    new_tokens: int
    added_tokens: int
    compacted: ContextCompacted | None


@pytest.fixture(scope='module')
def engine(tiny_hybrid_path):
    engine = make_engine(
        tiny_hybrid_path, n_ctx=6144, reply_protocol='call_only', max_reply_tokens=64
    )
    yield engine
    engine.close()


@pytest.fixture(scope='module')
def replies(engine):
    """Many turns of a command, a call and a result, in a conversation that outgrows its window."""
    window = ContextWindow(engine, WindowRules())
    conversation = Conversation('c')
    replies, before = [], 0
    for number in range(TURNS):
        turn, events = [Message('user', f'Go to place {number} and look around.')], []
        reply = window.reply(
            OPENING, conversation, turn, lambda progress: None, events.append, CancelToken()
        )
        usage = reply.usage
        added = usage.prompt_tokens - before
        replies.append(
            Reply(usage.prompt_tokens, usage.new_tokens, added, events[0] if events else None)
        )
        before = usage.prompt_tokens
        call = reply.message.tool_call
        name = call.name if call else ''
        turn += [reply.message, Message('tool' if call else 'user', RESULT, tool_name=name)]
        conversation.add_turn(tuple(turn))
    return replies


def test_a_compaction_is_one_prefill_of_what_is_kept(engine, replies):
    empty = dataclasses.replace(OPENING, messages=(SYSTEM, Message('user', '')))
    shared = engine.count_tokens(empty)
    after = [reply for reply in replies if reply.compacted]
    assert len(after) >= 3
    for reply in after:
        assert reply.prompt_tokens == reply.compacted.tokens_after
        kept = reply.prompt_tokens - shared
        assert reply.new_tokens <= kept + 16, 'system prompt and tools are not read again'
        assert reply.new_tokens < reply.compacted.tokens_before / 2


def test_between_compactions_only_what_is_new_is_read(replies):
    between = [reply for reply in replies[1:] if not reply.compacted]
    for reply in between:
        assert reply.new_tokens <= reply.added_tokens


def test_compactions_are_many_turns_apart(replies):
    numbers = [number for number, reply in enumerate(replies) if reply.compacted]
    assert min(b - a for a, b in itertools.pairwise(numbers)) >= 5


def test_no_prompt_goes_over_the_window(engine, replies):
    longest = max(reply.prompt_tokens for reply in replies)
    assert longest + engine.reply_reserve(thinking=False) <= engine.n_ctx
