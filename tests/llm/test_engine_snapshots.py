"""What snapshots save, and that replies are what they would be without them."""

import pytest

from nemotron_agent.core.chat_model import ChatRequest, Phase, StopReason
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.snapshots import Worth
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, STOP, TURN

TOOLS = (NAVIGATE_TO, TURN, STOP)
SYSTEM = Message('system', 'You drive a robot.')


def make_worker(path, **parameters):
    values = {
        'n_ctx': 4096,
        'n_threads': 1,
        'reply_protocol': 'call_only',
        'max_reply_tokens': 48,
        'max_thinking_tokens': 8,
    }
    return LlamaWorker(EngineParameters(path, **{**values, **parameters}))


@pytest.fixture(scope='module', params=['tiny_hybrid_path', 'smollm2_path'])
def worker(request):
    tool_format = 'hermes' if 'smollm2' in request.param else 'auto'
    worker = make_worker(request.getfixturevalue(request.param), tool_format=tool_format)
    yield worker
    worker.close()


@pytest.fixture
def fresh(worker):
    worker.state.clear()
    for owner in 'abcd':
        worker.forget(owner)
    return worker


class Talk:
    """A conversation with a worker."""

    def __init__(self, worker, owner='a', thinking=False):
        self.worker = worker
        self.owner = owner
        self.thinking = thinking
        self.messages = [SYSTEM]

    def ask(self, *added, flag=None, on_progress=lambda progress: None):
        request = ChatRequest(self.owner, (*self.messages, *added), TOOLS, thinking=self.thinking)
        reply = self.worker.reply(request, on_progress, flag or AbortFlag())
        if reply.stop_reason is not StopReason.CANCELED:
            self.messages += [*added, reply.message]
        return reply

    def command(self, text, **how):
        return self.ask(Message('user', text), **how)

    def result(self):
        call = self.messages[-1].tool_call
        return self.ask(Message('tool', 'done', tool_name=call.name if call else ''))


def test_a_new_conversation_reads_nothing_of_what_all_share(fresh):
    Talk(fresh).command('go to the dock')
    system = ChatRequest('', (SYSTEM,), TOOLS)
    reply = Talk(fresh, 'b').command('turn left')
    assert reply.usage.reused_tokens >= fresh.count_prompt(system)


def test_what_all_share_outlives_the_conversations(fresh):
    Talk(fresh).command('go to the dock')
    fresh.forget('a')
    system = ChatRequest('', (SYSTEM,), TOOLS)
    assert Talk(fresh, 'b').command('stop').usage.reused_tokens >= fresh.count_prompt(system)


def test_a_canceled_turn_is_taken_back(fresh):
    talk = Talk(fresh)
    talk.command('go to the dock')
    evaluated = fresh.state.n_resident
    flag = AbortFlag()

    def cancel(progress):
        if progress.phase is not Phase.PREFILL:
            flag.set()

    reply = talk.command('turn left', flag=flag, on_progress=cancel)
    assert reply.stop_reason is StopReason.CANCELED
    assert talk.command('stop').usage.reused_tokens >= evaluated


def test_four_conversations_keep_their_places(fresh):
    talks = [Talk(fresh, owner) for owner in 'abcd']
    for talk in talks:
        talk.command('go to the dock')
    for text in ('turn left', 'stop'):
        for talk in talks:
            before = fresh.tokens_of(talk.owner)
            reply = talk.command(text)
            after = fresh.tokens_of(talk.owner)
            assert after[: len(before)] == before
            tail = 40  # what the grammar forced at the end of the reply before
            assert reply.usage.reused_tokens >= len(before) - tail


def test_it_goes_on_as_after_a_fresh_evaluation_in_one_go(fresh):
    talks = [Talk(fresh, owner) for owner in 'ab']
    for text in ('go to the dock', 'turn left'):
        for talk in talks:
            talk.command(text)
    prompts = [[*fresh.tokens_of(talk.owner), 11, 12] for talk in talks]
    restored = [continuation(fresh, prompt, 'a') for prompt in prompts]
    for prompt, tokens in zip(prompts, restored, strict=True):
        fresh.state.clear()
        assert continuation(fresh, prompt, 'b') == tokens


def continuation(worker, prompt, owner):
    """The likeliest tokens after a prompt."""
    worker.obey(AbortFlag())
    tokens = list(prompt)
    worker.state.restore_prefix(tokens, owner)
    for _ in range(8):
        worker.state.evaluate(tokens[worker.state.n_resident :])
        tokens.append(int(worker.state.logits().argmax()))
    return tokens[len(prompt) :]


def test_reasoning_that_the_template_cuts_costs_what_stands_after_it(tiny_hybrid_path):
    worker = make_worker(tiny_hybrid_path)
    talk = Talk(worker, thinking=True)
    first = talk.command('go to the dock')
    talk.result()
    second = talk.command('turn left')
    third = talk.command('stop')
    worker.close()
    lasting = first.usage.prompt_tokens - 1  # all but the newline after <think>
    assert second.usage.reused_tokens == lasting
    assert third.usage.reused_tokens == second.usage.prompt_tokens - 1


def test_without_slots_a_hybrid_reads_all_again(tiny_hybrid_path):
    worker = make_worker(tiny_hybrid_path, snapshot_slots=0)
    Talk(worker).command('go to the dock')
    assert Talk(worker, 'b').command('stop').usage.reused_tokens == 0
    worker.close()


def test_a_turn_taken_back_after_its_conversation_was_read_anew_costs_only_the_next(fresh):
    past = [Message('user', 'go to the dock, please'), Message('assistant', 'I am there. ' * 20)]
    talk = Talk(fresh)
    talk.messages += past
    before = tuple(talk.messages)
    talk.command('stop')
    talk.messages = list(before)
    known = fresh.count_prompt(ChatRequest('a', before, TOOLS))
    assert talk.command('turn left').usage.reused_tokens >= known


def test_a_request_without_tools_leaves_what_all_conversations_share(fresh):
    Talk(fresh).command('go to the dock')
    told = (Message('system', 'Summarise.'), Message('user', 'The robot went to the dock. ' * 10))
    fresh.reply(ChatRequest('b', told, ()), lambda progress: None, AbortFlag())
    fresh.forget('b')
    shared = fresh.count_prompt(ChatRequest('', (SYSTEM,), TOOLS))
    pinned = [kept for kept in fresh.state.snapshots if kept.worth is Worth.SHARED]
    assert [len(kept.tokens) >= shared for kept in pinned] == [True]
    assert Talk(fresh, 'c').command('stop').usage.reused_tokens >= shared
