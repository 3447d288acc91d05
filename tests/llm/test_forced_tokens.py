"""Tokens that a grammar forces, all in one batch: the reply is what it would be one by one."""

import dataclasses
from typing import ClassVar

import numpy as np
import pytest

from nemotron_agent.core.chat_model import ReplyProtocol, StopReason
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.generation import Generation
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.sampling import Randomness, Sampler
from nemotron_agent.llm.token_stream import TokenStream
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, STOP, TURN

TOOLS = (NAVIGATE_TO, TURN, STOP)
COMMANDS = ('go to the kitchen', 'turn left by 90 degrees', 'drive to the dock slowly', 'stop')


class OneByOne:
    """A matcher that forces nothing: what must come is the only token to choose from."""

    def __init__(self, matcher):
        self._matcher = matcher

    def __getattr__(self, name):
        return getattr(self._matcher, name)

    def forced(self):
        return []

    def allowed(self):
        forced = self._matcher.forced()
        return np.array(forced[:1]) if forced else self._matcher.allowed()


class Recorded(OneByOne):
    """A matcher that forces as ever; `spans` keeps what."""

    spans: ClassVar[list[list[int]]] = []

    def forced(self):
        tokens = self._matcher.forced()
        if tokens:
            self.spans.append(tokens)
        return tokens

    def allowed(self):
        return self._matcher.allowed()


class Grammar:
    """A grammar with matchers of another kind."""

    def __init__(self, grammar, kind):
        self._grammar = grammar
        self._kind = kind

    def matcher(self, tools):
        return self._kind(self._grammar.matcher(tools))


@pytest.fixture(
    scope='module',
    params=[
        ('tiny_hybrid_path', 'nemotron'),
        ('tiny_hybrid_path', 'hermes'),
        ('smollm2_path', 'nemotron'),
        ('smollm2_path', 'hermes'),
    ],
    ids='-'.join,
)
def worker(request):
    fixture, tool_format = request.param
    worker = LlamaWorker(
        EngineParameters(
            request.getfixturevalue(fixture), n_ctx=2048, n_threads=1, tool_format=tool_format
        )
    )
    yield worker
    worker.close()


def write(worker, command, kind=None, temperature=0.0):
    """Reply to a command; return the generation, its tokens and the decode calls they took."""
    rules = dataclasses.replace(worker.rules, protocol=ReplyProtocol.CALL_ONLY)
    if kind is not None:
        rules = dataclasses.replace(rules, grammar=Grammar(rules.grammar, kind))
    worker.obey(AbortFlag())
    worker.state.clear()
    tokens = rules.vocabulary.tokenize(
        f'<|im_start|>user\n{command}<|im_end|>\n<|im_start|>assistant\n'
    )
    n_prompt = len(tokens)
    worker.state.evaluate(tokens)
    before = worker.state.decode_calls
    randomness = Randomness(temperature)
    stream = TokenStream(tokens, worker.state, Sampler(randomness, randomness, 7), 2048)
    generation = Generation(rules, stream, TOOLS, lambda progress: None)
    generation.run(400, 0, thinking=False, opens_thinking=False)
    return generation, tokens[n_prompt:], worker.state.decode_calls - before


@pytest.mark.parametrize('command', COMMANDS)
def test_the_reply_is_that_of_one_token_at_a_time(worker, command):
    generation, tokens, decode_calls = write(worker, command)
    assert generation.stop_reason is StopReason.CALL
    stepwise, steps, step_calls = write(worker, command, OneByOne)
    assert tokens == steps
    assert generation.message.tool_call.is_same_as(stepwise.message.tool_call)
    assert decode_calls < step_calls / 2


def test_seeded_chance_gives_the_same_too(worker):
    for temperature in (0.5, 1.5):
        _, tokens, _ = write(worker, COMMANDS[0], temperature=temperature)
        _, steps, _ = write(worker, COMMANDS[0], OneByOne, temperature=temperature)
        assert tokens == steps


def test_forced_tokens_are_those_the_text_is_tokenised_to(worker):
    vocabulary = worker.rules.vocabulary
    for command in COMMANDS:
        Recorded.spans.clear()
        write(worker, command, Recorded)
        assert sum(map(len, Recorded.spans)) > 10
        for span in Recorded.spans:
            assert vocabulary.tokenize(vocabulary.detokenize(span)) == span
