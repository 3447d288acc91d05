"""A plan against the buffers of an engine that was really loaded."""

import pytest

from nemotron_agent.core.errors import ConfigurationError, MemoryShortError
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_buffers import LlamaBuffer, logged_buffer
from nemotron_agent.llm.llama_engine import LlamaEngine
from nemotron_agent.llm.memory_check import machine_here
from nemotron_agent.llm.memory_plan import plan_memory
from nemotron_agent.llm.memory_settings import Conditions, MemorySettings
from nemotron_agent.llm.model_catalog import ResolvedModel
from nemotron_agent.llm.model_loading import ModelParameters, load_model, plan_model
from nemotron_agent.llm.model_shape import read_model_shape
from nemotron_agent.llm.system_memory import SystemMemory
from nemotron_agent.testing.system_files import ORIN_NANO, system_at, write_proc

MIB = 1 << 20
PARTS = {
    'model': ('weights', 'weights_repacked', 'weights_unused'),
    'KV': ('kv_cache',),
    'RS': ('recurrent_state', 'snapshots'),
    'output': ('outputs',),
    'compute': ('compute',),
}


@pytest.mark.parametrize(
    ('n_ctx', 'slots', 'n_ubatch', 'flash'),
    [(2048, 4, 512, 'auto'), (8192, 0, 128, 'auto'), (4000, 2, 64, 'off')],
)
def test_every_buffer_is_planned(tiny_hybrid_path, n_ctx, slots, n_ubatch, flash):
    engine = LlamaEngine(
        EngineParameters(
            tiny_hybrid_path,
            n_ctx=n_ctx,
            snapshot_slots=slots,
            n_ubatch=n_ubatch,
            flash_attention=flash,
        )
    )
    buffers = engine.buffers
    engine.close()
    plan = plan_memory(
        read_model_shape(tiny_hybrid_path),
        MemorySettings(n_ctx, slots, 'f16', n_ubatch),
        Conditions(machine_here(SystemMemory()), flash_attention=flash != 'off'),
    )
    assert {buffer.kind for buffer in buffers} == set(PARTS)
    for kind, parts in PARTS.items():
        logged = sum(buffer.bytes for buffer in buffers if buffer.kind == kind)
        # It is logged to a hundredth of a MiB.
        assert plan.bytes_of(*parts) == pytest.approx(logged, rel=0.05, abs=0.01 * MIB), kind


def test_a_line_of_the_log():
    line = 'load_tensors:   CPU_REPACK model buffer size =   596.53 MiB'
    assert logged_buffer(line) == LlamaBuffer('model', 'CPU_REPACK', round(596.53 * MIB))
    assert logged_buffer('llama_kv_cache: size =   45.00 MiB (  2048 cells') is None


def test_the_plan_of_a_node_counts_what_the_process_holds(tiny_hybrid_path, tmp_path):
    write_proc(tmp_path / 'proc', available_mib=4000, anonymous_mib=900, board=ORIN_NANO)
    plan = plan_model(
        ModelParameters('tiny'), ResolvedModel(tiny_hybrid_path), system_at(tmp_path)
    )
    assert plan.shares_memory
    assert plan.bytes_of('process') == 900 * MIB + 41200 * 1024
    assert plan.bytes_of('saved_state') > 0


def test_what_is_left_open_is_chosen(tiny_hybrid_path, tmp_path):
    write_proc(tmp_path / 'proc', available_mib=4000, anonymous_mib=200)
    free = ModelParameters('tiny', n_ctx=0, snapshot_slots=-1, kv_type='auto', warm_start_mb=0)
    resolved = ResolvedModel(tiny_hybrid_path)
    assert plan_model(free, resolved, system_at(tmp_path)).settings.n_ctx == 32768
    write_proc(tmp_path / 'proc', available_mib=560, anonymous_mib=200)
    assert plan_model(free, resolved, system_at(tmp_path)).settings.n_ctx == 16384


def test_a_model_without_memory_is_not_loaded(tiny_hybrid_path):
    parameters = ModelParameters(str(tiny_hybrid_path), memory_budget='20MiB')
    with pytest.raises(MemoryShortError, match='tiny_hybrid needs .* may have 20 MiB'):
        load_model(parameters)


def test_a_setting_out_of_range_is_not_planned(tiny_hybrid_path):
    with pytest.raises(ConfigurationError, match='n_ctx is 100'):
        load_model(ModelParameters(str(tiny_hybrid_path), n_ctx=100))


def test_settings_that_were_chosen_are_loaded(tiny_hybrid_path):
    free = ModelParameters(
        str(tiny_hybrid_path), n_ctx=0, snapshot_slots=-1, kv_type='auto', warm_start_mb=0
    )
    engine = load_model(free)
    try:
        assert engine.n_ctx >= 2048
    finally:
        engine.close()
