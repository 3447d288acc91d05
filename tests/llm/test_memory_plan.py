"""The plan of the catalogue's models against what llama.cpp logs for them."""

import pytest

from nemotron_agent.llm.memory_plan import plan_memory
from nemotron_agent.llm.memory_settings import Conditions, Machine, MemorySettings
from nemotron_agent.llm.model_catalog import ModelCatalog

MIB = 1 << 20
PLAIN = Conditions(Machine())
AVX2 = Conditions(Machine(repacked_types={'Q4_K': 8}))


def shape_of(name):
    return ModelCatalog.default().entry(name).shape


def plan_of(name, conditions=PLAIN, n_ctx=8192, slots=4, kv_type='f16', n_ubatch=512):
    return plan_memory(shape_of(name), MemorySettings(n_ctx, slots, kv_type, n_ubatch), conditions)


@pytest.mark.parametrize(('kv_type', 'mib'), [('f16', 128), ('q8_0', 68), ('q4_0', 36)])
def test_kv_cache_of_nemotron(kv_type, mib):
    plan = plan_of('nemotron-3-nano-4b', kv_type=kv_type)
    assert plan.bytes_of('kv_cache') == mib * MIB


def test_a_context_is_rounded_up_to_256_tokens():
    plan = plan_of('nemotron-3-nano-4b', n_ctx=8000)
    assert plan.bytes_of('kv_cache') == 8192 * 16 * 1024


def test_recurrent_state_of_nemotron_for_each_sequence():
    plan = plan_of('nemotron-3-nano-4b', slots=3)
    assert plan.bytes_of('recurrent_state') == 85026816
    assert plan.bytes_of('snapshots') == 3 * 85026816
    assert plan_of('qwen2.5-coder-1.5b').bytes_of('recurrent_state', 'snapshots') == 0


def test_pages_of_the_file_that_are_used_all_the_time():
    plan = plan_of('nemotron-3-nano-4b', AVX2)
    assert plan.mapped_bytes == plan.bytes_of('weights')
    on_gpu = plan_of('nemotron-3-nano-4b', Conditions(Machine(has_gpu=True, shares_memory=True)))
    assert on_gpu.mapped_bytes == 282591232  # the token embedding


def test_weights_of_nemotron():
    plan = plan_of('nemotron-3-nano-4b', AVX2)
    assert plan.bytes_of('weights', 'weights_unused') == pytest.approx(2.83e9, rel=0.001)
    assert plan.bytes_of('weights_repacked') / MIB == pytest.approx(474.59, abs=0.01)


@pytest.mark.parametrize(
    ('name', 'settings', 'mib'),
    [
        # As llama.cpp 0c1e570 logs them for these files, with flash attention.
        ('smollm2-135m', {}, 21.64),
        ('smollm2-135m', {'n_ctx': 32768}, 45.78),
        ('smollm2-135m', {'slots': 16}, 22.14),
        ('qwen2.5-coder-1.5b', {}, 72.94),
        ('qwen2.5-coder-1.5b', {'n_ctx': 2048}, 66.90),
        ('qwen2.5-coder-1.5b', {'n_ubatch': 128}, 18.41),
        ('nemotron-3-nano-4b', {}, 142.47),
        ('nemotron-3-nano-4b', {'slots': 0}, 121.53),
        ('nemotron-3-nano-4b', {'slots': 16}, 191.68),
        ('nemotron-3-nano-4b', {'n_ubatch': 256}, 81.49),
        ('nemotron-3-nano-4b', {'n_ctx': 32768}, 165.03),
    ],
)
def test_compute_buffer(name, settings, mib):
    assert plan_of(name, **settings).bytes_of('compute') / MIB == pytest.approx(mib, rel=0.02)


def test_outputs_for_each_sequence():
    assert plan_of('nemotron-3-nano-4b').bytes_of('outputs') == 5 * 131072 * 4


def test_what_a_gpu_holds_is_not_the_hosts_unless_they_share():
    shared = plan_of('nemotron-3-nano-4b', Conditions(Machine(has_gpu=True, shares_memory=True)))
    own = plan_of('nemotron-3-nano-4b', Conditions(Machine(has_gpu=True)))
    assert shared.needed_bytes - own.needed_bytes > 2.5e9
    assert shared.llama_bytes == own.llama_bytes


def test_some_layers_on_the_gpu():
    machine = Machine(has_gpu=True)
    none, half, all_layers = (
        plan_of('qwen2.5-coder-1.5b', Conditions(machine, n_gpu_layers=layers)).needed_bytes
        for layers in (0, 15, -1)
    )
    assert all_layers < half < none


def test_what_can_be_given_back_is_resident_but_not_needed():
    plan = plan_of('qwen2.5-coder-1.5b', AVX2)
    assert plan.resident_bytes - plan.needed_bytes == plan.bytes_of('weights_repacked')
