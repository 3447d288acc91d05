"""What is chosen, and what is said, where memory is short."""

import dataclasses

import pytest

from nemotron_agent.core.errors import ConfigurationError, MemoryShortError
from nemotron_agent.llm.memory_budget import MemoryBudget
from nemotron_agent.llm.memory_check import fitting_plan
from nemotron_agent.llm.memory_choice import (
    PREFERENCES,
    MemoryWish,
    alternatives,
    candidates,
    choose,
)
from nemotron_agent.llm.memory_plan import plan_memory
from nemotron_agent.llm.memory_settings import Conditions, Machine, MemorySettings
from nemotron_agent.llm.model_catalog import ModelCatalog
from nemotron_agent.llm.model_shape import read_model_shape

JETSON = Conditions(Machine(has_gpu=True, shares_memory=True), process_bytes=128 << 20)
NEMOTRON = ModelCatalog.default().entry('nemotron-3-nano-4b').shape
EXPLICIT = MemoryWish(n_ctx=8192, snapshot_slots=4, kv_type='f16')


def needed(settings):
    return plan_memory(NEMOTRON, settings, JETSON).needed_bytes


def budget_for(settings, more=0):
    return MemoryBudget(needed(settings) + more, 'a test')


@pytest.mark.parametrize('settings', PREFERENCES, ids=str)
def test_the_first_preference_that_fits_is_chosen(settings):
    plan = choose(NEMOTRON, MemoryWish(), JETSON, budget_for(settings))
    assert plan.settings == next(s for s in PREFERENCES if needed(s) <= needed(settings))
    assert plan.needed_bytes <= needed(settings)


def test_each_preference_is_some_use():
    sizes = [needed(settings) for settings in PREFERENCES]
    reached = [s for i, s in enumerate(sizes) if s < min(sizes[:i], default=s + 1)]
    assert len(reached) >= len(PREFERENCES) - 1


def test_what_is_decided_is_kept():
    fixed = MemoryWish(n_ctx=5000, snapshot_slots=3, kv_type='q4_0', n_ubatch=100)
    assert list(candidates(NEMOTRON, fixed, JETSON)) == [MemorySettings(5000, 3, 'q4_0', 100)]


def test_only_the_pieces_of_reading_are_chosen_by_default():
    settings = list(candidates(NEMOTRON, EXPLICIT, JETSON))
    assert [each.n_ubatch for each in settings] == [512, 256, 128, 64]
    assert {dataclasses.replace(each, n_ubatch=0) for each in settings} == {
        MemorySettings(8192, 4, 'f16', 0)
    }


def test_no_more_context_than_the_model_was_made_for():
    smollm2 = ModelCatalog.default().entry('smollm2-135m').shape
    assert max(each.n_ctx for each in candidates(smollm2, MemoryWish(), JETSON)) == 8192


def test_a_cache_that_cannot_be_quantised_is_not(tiny_hybrid_path):
    tiny = read_model_shape(tiny_hybrid_path)
    assert {each.kv_type for each in candidates(tiny, MemoryWish(), JETSON)} == {'f16'}
    without = dataclasses.replace(JETSON, flash_attention=False)
    assert {each.kv_type for each in candidates(NEMOTRON, MemoryWish(), without)} == {'f16'}


def test_what_would_fit_instead_has_the_wanted_context_if_it_can():
    budget = budget_for(MemorySettings(8192, 1, 'q8_0', 256))
    plans = alternatives(NEMOTRON, EXPLICIT, JETSON, budget)
    assert [plan.settings.n_ctx for plan in plans] == [8192, 4096, 2048]
    assert plans[0].settings == MemorySettings(8192, 1, 'q8_0', 256)
    assert all(plan.needed_bytes <= budget.bytes for plan in plans)


def test_a_model_that_does_not_fit_is_refused_with_tables():
    budget = budget_for(MemorySettings(8192, 2, 'f16', 256))
    with pytest.raises(MemoryShortError) as caught:
        fitting_plan('nano', NEMOTRON, EXPLICIT, JETSON, budget)
    text = str(caught.value)
    assert text.startswith('nano needs ')
    assert '(a test): set the parameters to a row of the second table' in text
    for word in ('kv_cache', 'snapshots', 'needed', 'budget', 'what would fit'):
        assert word in text


def test_a_model_that_fits_in_no_way_is_refused_with_its_plan():
    with pytest.raises(MemoryShortError, match='no settings fit; take a smaller model') as caught:
        fitting_plan('nano', NEMOTRON, EXPLICIT, JETSON, MemoryBudget(1 << 30, 'a test'))
    assert 'kv_cache' in str(caught.value)
    assert 'what would fit' not in str(caught.value)


@pytest.mark.parametrize(
    ('wish', 'told'),
    [
        ({'n_ctx': 100}, 'n_ctx is 100'),
        ({'snapshot_slots': 64}, 'snapshot_slots is 64'),
        ({'kv_type': 'f8'}, 'kv_type is "f8"'),
        ({'n_ubatch': 1024}, 'n_ubatch is 1024: it goes from 1 to 512'),
    ],
)
def test_a_wish_out_of_range(wish, told):
    with pytest.raises(ConfigurationError, match=told):
        MemoryWish(**wish)
