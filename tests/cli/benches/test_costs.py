import pytest

from nemotron_agent.cli.benches import decode, memory, plan_error, tool_call, warm_start
from nemotron_agent.cli.benches.shipped import COMMANDS, shipped_tools
from nemotron_agent.cli.benches.sides.raw_llama import RawLlama
from nemotron_agent.cli.benches.sides.spelled_calls import read_call
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.llm.tool_formats.hermes import HermesFormat


def values_of(figures):
    return {figure.figure: figure.value for figure in figures}


@pytest.mark.parametrize('tool_format', ['nemotron', 'hermes'])
def test_the_decode_calls_of_calls_are_counted(tiny, tool_format, progress):
    found = tool_call.decode_calls(tiny, tool_format, progress, COMMANDS[:2])
    values = values_of(found)
    assert 0 < values[f'tool_call.decode_calls_per_token.{tool_format}.with_answers'] <= 1
    assert f'tool_call.decode_calls_per_token.{tool_format}' in values


def test_calls_are_timed_beside_the_servers(tiny, progress):
    pytest.importorskip('xllamacpp')
    values = values_of(tool_call.beside_server(tiny, progress, rounds=2))
    assert values['tool_call.wall_vs_server.hybrid'] > 0
    assert values['tool_call.same_as_server.hybrid'] == 1
    assert values['tool_call.tokens.ours.hybrid'] > 20


def test_a_text_that_is_no_call_is_an_error():
    with pytest.raises(EvaluationError, match="no call was written but 'Hello'"):
        read_call('Hello', HermesFormat(), shipped_tools())


def test_free_text_is_timed_beside_a_bare_loop(tiny, progress):
    values = values_of(decode.of_subject(tiny, progress, rounds=2, n_tokens=8))
    assert values['decode.rate_vs_raw.hybrid'] > 0
    assert values['decode.rate.raw.hybrid'] > 0


def test_a_bare_context_that_is_full_is_an_error(tiny):
    raw = RawLlama(tiny.path, n_ctx=256, n_ubatch=64, n_sequences=1, n_threads=1)
    with pytest.raises(RuntimeError, match='llama_decode: code 1'):
        raw.read([30] * 300)
    raw.close()


def test_a_second_start_loads_what_the_first_saved(tiny, progress, tmp_path):
    values = values_of(warm_start.of_subject(tiny, progress, tmp_path / 'warm_start'))
    assert values['warm_start.prefix_tokens'] == 0
    assert values['warm_start.prefix.hybrid'] > 1000
    assert values['warm_start.saved.hybrid'] > 0


def test_memory_is_that_of_two_processes(tiny, progress, tmp_path):
    values = values_of(memory.of_subject(tiny, progress, tmp_path, commands=2))
    assert 0 < values['memory.engine_overhead_mb.hybrid'] < 150
    assert values['memory.bare_peak_mb.hybrid'] > 50


def test_a_memory_process_that_fails_is_an_error(tiny, progress, tmp_path):
    with pytest.raises(EvaluationError, match='measures memory has failed'):
        list(memory.of_subject(tiny, progress, tmp_path / 'none', commands=1))


def test_a_plan_is_compared_with_a_process_and_with_llama(tiny):
    values = values_of(plan_error.of_subject(tiny, 8192))
    assert abs(values['memory.plan_vs_llama.hybrid.8192']) <= plan_error.GOAL
    assert -1 < values['memory.plan_error.hybrid.8192'] < 1
    assert values['memory.peak_mb.hybrid.8192'] > 10
