"""States on disk, and engines that begin with them."""

import hashlib
import json
import logging
import os
import re

import pytest

from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.snapshots import Worth
from nemotron_agent.llm.warm_start import WarmStart
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, STOP, TURN

TOKENS = [1, 2, 3]
STATE = memoryview(bytes(range(256)) * 40)
LIMIT = 10**6


@pytest.fixture
def warm(tmp_path):
    return WarmStart(tmp_path / 'states', LIMIT, 'a model')


def read(warm, tokens=TOKENS):
    with warm.read(tokens) as state:
        return None if state is None else bytes(state)


def files(warm_or_folder):
    return sorted(warm_or_folder.glob('*'))


def test_what_was_written_is_read(warm):
    assert read(warm) is None
    assert warm.write(TOKENS, STATE)
    assert read(warm) == bytes(STATE)


def test_other_tokens_and_other_models_have_their_own(warm, tmp_path):
    warm.write(TOKENS, STATE)
    assert read(warm, [1, 2]) is None
    assert read(WarmStart(tmp_path / 'states', LIMIT, 'another model')) is None


@pytest.mark.parametrize(
    ('damage', 'told'),
    [
        (lambda data: data[:-1], 'cut off'),
        (lambda data: data + b'x', 'cut off'),
        (lambda data: data[:-1] + b'x', 'it is damaged'),
        (lambda data: b'', 'it has no header'),
        (lambda data: b'\xff' * 5000, 'it has no header'),
        (lambda data: b'{"format": "other"}\n' + data, 'its format is not known'),
        (lambda data: b'[]\n', 'its format is not known'),
        (lambda data: data.partition(b'\n')[0] + b'\n', 'cut off'),
    ],
)
def test_what_is_damaged_is_ignored_and_replaced(warm, tmp_path, caplog, damage, told):
    warm.write(TOKENS, STATE)
    (path,) = files(tmp_path / 'states')
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert read(warm) is None
    assert re.search(f'cannot be used: .*{told}', caplog.text)
    warm.write(TOKENS, STATE)
    assert read(warm) == bytes(STATE)


def test_a_file_of_another_state_is_not_taken_for_this_one(warm, tmp_path, caplog):
    warm.write(TOKENS, STATE)
    (path,) = files(tmp_path / 'states')
    warm.write([7], memoryview(b'other'))
    (other,) = set(files(tmp_path / 'states')) - {path}
    path.write_bytes(other.read_bytes())
    assert read(warm) is None
    assert 'of something else' in caplog.text


def test_those_used_longest_ago_go_first(tmp_path):
    folder = tmp_path / 'states'
    warm = WarmStart(folder, 3 * len(STATE), 'a model')
    for number in (1, 2):
        warm.write([number], STATE)
    for age, path in enumerate(files(folder)):
        os.utime(path, (1000 + age, 1000 + age))
    assert read(warm, [1])
    warm.write([3], STATE)
    assert [bool(read(warm, [number])) for number in (1, 2, 3)] == [True, False, True]


def test_a_state_over_the_limit_is_not_saved(tmp_path, caplog):
    warm = WarmStart(tmp_path / 'states', len(STATE), 'a model')
    assert not warm.write(TOKENS, STATE)
    assert 'warm_start_mb allows 0' in caplog.text
    assert not files(tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path, caplog):
    (tmp_path / 'states').write_text('a file where the folder should be')
    assert not WarmStart(tmp_path / 'states', LIMIT, 'a model').write(TOKENS, STATE)
    assert 'the state cannot be saved in' in caplog.text


def test_a_write_that_fails_leaves_nothing(warm, tmp_path, caplog):
    warm.write(TOKENS, STATE)
    (path,) = files(tmp_path / 'states')
    path.unlink()
    path.mkdir()
    assert not warm.write(TOKENS, STATE)
    assert files(tmp_path / 'states') == [path]


TOOLS = (NAVIGATE_TO, TURN, STOP)
SYSTEM = Message('system', 'You drive a robot.')


@pytest.fixture
def start(request, tmp_path):
    """Starts engines' workers one after the other, as restarts do."""
    model = getattr(request, 'param', 'tiny_hybrid_path')
    path = request.getfixturevalue(model)
    started = []

    def begin(**changes):
        values = {
            'n_ctx': 2048,
            'n_threads': 1,
            'reply_protocol': 'call_only',
            'max_reply_tokens': 200,
            'warm_start_folder': tmp_path / 'states',
            'tool_format': 'hermes' if 'smollm2' in model else 'auto',
        }
        while started:
            started.pop().close()
        started.append(LlamaWorker(EngineParameters(path, **{**values, **changes})))
        return started[0]

    yield begin
    while started:
        started.pop().close()


def command(worker, text='turn left'):
    request = ChatRequest('c', (SYSTEM, Message('user', text)), TOOLS)
    return worker.reply(request, lambda progress: None, AbortFlag())


def state_of(worker):
    return bytes(worker.state.save())


@pytest.mark.parametrize('start', ['tiny_hybrid_path', 'smollm2_path'], indirect=True)
def test_a_restart_evaluates_nothing_of_what_all_share(start):
    worker = start()
    first = worker.prepare(SYSTEM, TOOLS)
    state = state_of(worker)
    cold = command(worker)
    assert (first.reused_tokens, first.new_tokens) == (0, first.prompt_tokens)

    worker = start()
    second = worker.prepare(SYSTEM, TOOLS)
    assert second.new_tokens == second.decode_calls == 0
    assert second.reused_tokens == first.prompt_tokens
    assert state_of(worker) == state
    assert [kept.worth for kept in worker.state.snapshots] == [Worth.SHARED]
    warm = command(worker)
    assert warm.usage.reused_tokens == first.prompt_tokens
    assert warm.message.tool_call.is_same_as(cold.message.tool_call)


def test_what_is_there_already_is_not_read_again(start):
    worker = start()
    worker.prepare(SYSTEM, TOOLS)
    command(worker)
    again = worker.prepare(SYSTEM, TOOLS)
    assert (again.new_tokens, again.decode_calls) == (0, 0)


@pytest.mark.parametrize('change', [{'flash_attention': 'off'}, {'n_batch': 64}])
def test_other_parameters_of_the_context_begin_anew(start, change):
    start().prepare(SYSTEM, TOOLS)
    assert start(**change).prepare(SYSTEM, TOOLS).new_tokens > 0


def test_another_prompt_begins_anew(start):
    start().prepare(SYSTEM, TOOLS)
    worker = start()
    assert worker.prepare(SYSTEM, TOOLS[:2]).new_tokens > 0
    assert worker.prepare(None, TOOLS).new_tokens > 0


def test_a_state_llama_cpp_refuses_is_evaluated_anew(start, tmp_path):
    worker = start()
    tokens = worker.prepare(SYSTEM, TOOLS).prompt_tokens
    (path,) = files(tmp_path / 'states')
    line, _, state = path.read_bytes().partition(b'\n')
    wrong = bytes(len(state))
    header = {**json.loads(line), 'sha256': hashlib.sha256(wrong).hexdigest()}
    path.write_bytes(json.dumps(header).encode() + b'\n' + wrong)
    worker = start()
    usage = worker.prepare(SYSTEM, TOOLS)
    assert usage.new_tokens == tokens
    assert command(worker).message.tool_call
    assert start().prepare(SYSTEM, TOOLS).new_tokens == 0


def test_without_slots_the_first_conversation_goes_on_from_it(start):
    start().prepare(SYSTEM, TOOLS)
    worker = start(snapshot_slots=0)
    usage = worker.prepare(SYSTEM, TOOLS)
    assert usage.new_tokens == 0
    assert command(worker).usage.reused_tokens == usage.prompt_tokens


def test_an_aborted_one_saves_nothing(start, tmp_path):
    flag = AbortFlag()
    flag.set()
    usage = start().prepare(SYSTEM, TOOLS, flag=flag)
    assert usage.decode_calls == 0
    assert not (tmp_path / 'states').exists()


def test_without_a_folder_nothing_is_saved(start, tmp_path):
    start(warm_start_folder=None).prepare(SYSTEM, TOOLS)
    assert not (tmp_path / 'states').exists()
