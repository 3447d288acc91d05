"""A context of another size, between two replies of a conversation."""

import subprocess
import sys

import pytest

from nemotron_agent.core.chat_model import ContextSize
from nemotron_agent.core.errors import ConfigurationError, ContextFullError
from nemotron_agent.core.messages import Message
from nemotron_agent.testing.robot_tools import STOP

from .engine_talk import SYSTEM, ask, make_engine

TOOLS = (STOP,)
COMMANDS = [Message('user', text) for text in ('go to the dock', 'turn left')]


@pytest.fixture(params=[('tiny_hybrid_path', 'nemotron'), ('smollm2_path', 'hermes')])
def make(request):
    """Makes engines on a hybrid, or on a plain transformer."""
    fixture, tool_format = request.param
    path = request.getfixturevalue(fixture)
    engines = []

    def make(**parameters):
        engine = make_engine(
            path, n_ctx=4096, reply_protocol='call_only', tool_format=tool_format, **parameters
        )
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.close()


def talk(engine, resizes):
    """Two commands, with a context of another size before the second."""
    messages = [SYSTEM, COMMANDS[0]]
    first = ask(engine, messages, tools=TOOLS)
    for size in resizes:
        engine.resize(size)
    history = [*messages, first.message, Message('tool', 'done')]
    second = ask(engine, [*history, COMMANDS[1]], tools=TOOLS)
    return first.message.tool_call, second.message.tool_call, second.usage


@pytest.mark.parametrize(
    'sizes',
    [[ContextSize(3072, 0)], [ContextSize(3072, 1), ContextSize(8192, 6)]],
    ids=['smaller', 'smaller, then larger'],
)
def test_a_conversation_goes_on_as_if_nothing_had_been(make, sizes):
    engine = make()
    first, second, usage = talk(engine, sizes)
    expected_first, expected_second, _ = talk(make(), [])

    assert first.is_same_as(expected_first)
    assert second.is_same_as(expected_second)
    assert usage.reused_tokens == 0
    assert engine.context_size == sizes[-1]
    assert engine.n_ctx == sizes[-1].n_ctx


def test_what_all_conversations_begin_with_comes_from_the_disk(make, tmp_path):
    engine = make(warm_start_folder=tmp_path, warm_start_mb=500)
    engine.prepare(SYSTEM, TOOLS)
    engine.resize(ContextSize(3072, 1))
    reply = ask(engine, [SYSTEM, COMMANDS[0]], tools=TOOLS)

    assert reply.usage.reused_tokens > 0


def test_the_new_size_bounds_prompts(make):
    engine = make()
    engine.resize(ContextSize(2048, 0))

    with pytest.raises(ContextFullError) as caught:
        ask(engine, [SYSTEM, Message('user', 'go on ' * 2000)])
    assert caught.value.n_ctx == 2048


def test_a_size_that_no_context_has(make):
    engine = make()
    with pytest.raises(ConfigurationError, match='parameter n_ctx is 1: it goes from'):
        engine.resize(ContextSize(1, 0))

    assert ask(engine, [SYSTEM, COMMANDS[0]], tools=()).usage.generated_tokens > 0


BEGINNING = """\
import resource, sys
from pathlib import Path
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest, ContextSize
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_engine import LlamaEngine

engine = LlamaEngine(EngineParameters(
    Path(sys.argv[1]), n_ctx=int(sys.argv[2]), n_threads=1, tool_format='hermes'))

def ask():
    request = ChatRequest('c', (Message('user', 'hello'),), (), max_tokens=4)
    reply = engine.reply(request, lambda progress: None, CancelToken())
    print(engine.context_size, reply.usage.generated_tokens)

def have(more_bytes):
    held = int(Path('/proc/self/statm').read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + more_bytes, resource.RLIM_INFINITY))

def told(work):
    try:
        work()
    except EvaluationError as error:
        print(error)
"""
RESIZE = """
told(lambda: engine.resize(ContextSize(131072, 0)))
"""


def in_little_memory(path, n_ctx, program):
    """Run a program in a process of its own; return the lines it prints."""
    done = subprocess.run(
        [sys.executable, '-c', BEGINNING + program, str(path), str(n_ctx)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_without_memory_for_the_new_size_the_old_one_stays(smollm2_path):
    program = f'have(500_000_000){RESIZE}ask(); engine.close()'
    refused, after = in_little_memory(smollm2_path, 1024, program)

    assert 'cannot make a context of 131072 tokens' in refused
    assert after == 'ContextSize(n_ctx=1024, snapshot_slots=4) 4'


def test_without_memory_for_the_old_size_either_a_reply_has_it_when_there_is_some(smollm2_path):
    program = f"""
ask()
have(-100_000_000){RESIZE}
engine.forget('c')
told(ask)
have(500_000_000)
ask()
engine.close()
"""
    before, resized, replied, after = in_little_memory(smollm2_path, 8192, program)

    # Of the two contexts that could not be had, the one it should have again is told of.
    assert 'cannot make a context of 8192 tokens' in resized
    assert 'cannot make a context of 8192 tokens' in replied
    assert before == after == 'ContextSize(n_ctx=8192, snapshot_slots=4) 4'
