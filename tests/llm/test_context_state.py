import numpy as np
import pytest

from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.llm.context_state import ContextState
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_context import AbortFlag, LlamaContext, LlamaModel

SLICE = 32


@pytest.fixture(scope='module', params=['tiny_hybrid_path', 'smollm2_path'])
def loaded(request):
    path = request.getfixturevalue(request.param)
    model = LlamaModel(path)
    context = LlamaContext(model, EngineParameters(path, n_ctx=512, n_batch=SLICE, n_threads=1))
    yield context
    context.close()
    context.close()
    model.close()
    model.close()


@pytest.fixture
def state(loaded):
    loaded.obey(AbortFlag())
    state = ContextState(loaded)
    state.clear()
    return state


def tokens(count, seed=0):
    return [int(token) for token in np.random.default_rng(seed).integers(20, 250, count)]


def logits_of(state, prompt):
    state.clear()
    assert state.evaluate(prompt)
    return state.logits().copy()


def test_evaluates_in_slices_and_reports_each(state):
    reported = []
    assert state.evaluate(tokens(100), reported.append)
    assert reported == [32, 64, 96, 100]
    assert state.decode_calls == 4
    assert list(state.resident) == tokens(100)


def test_an_extension_keeps_all_and_goes_on_alike(state):
    prompt = tokens(80)
    expected = logits_of(state, prompt)
    state.clear()
    state.evaluate(prompt[:60])
    assert state.restore_prefix(prompt) == 60
    state.evaluate(prompt[60:])
    assert np.argmax(state.logits()) == np.argmax(expected)
    np.testing.assert_allclose(state.logits(), expected, atol=0.05)


def test_a_diverging_prompt_keeps_what_the_model_can(state, loaded):
    prompt, other = tokens(80), tokens(50) + tokens(30, seed=1)
    expected = logits_of(state, other)
    state.clear()
    state.evaluate(prompt)
    kept = state.restore_prefix(other)
    assert kept == (0 if loaded.keeps_recurrent_state else 50)
    state.evaluate(other[kept:])
    np.testing.assert_allclose(state.logits(), expected, atol=0.05)


def test_one_token_is_left_to_evaluate(state, loaded):
    state.evaluate(tokens(40))
    assert state.restore_prefix(tokens(40)) == (0 if loaded.keeps_recurrent_state else 39)


def test_rewinds_where_the_model_can(state, loaded):
    state.evaluate(tokens(40))
    assert state.rewind(40)
    assert state.rewind(30) != loaded.keeps_recurrent_state
    assert state.n_resident == (40 if loaded.keeps_recurrent_state else 30)


def test_a_set_flag_evaluates_nothing_and_loses_nothing(state, loaded):
    state.evaluate(tokens(40))
    flag = AbortFlag()
    loaded.obey(flag)
    flag.set()
    assert not state.evaluate(tokens(40))
    assert state.n_resident == 40


def test_an_abort_between_slices_keeps_what_was_evaluated(state, loaded):
    prompt = tokens(200)
    expected = logits_of(state, prompt)
    state.clear()
    flag = AbortFlag()
    loaded.obey(flag)
    assert not state.evaluate(prompt, lambda evaluated: flag.set() if evaluated >= 64 else None)
    assert list(state.resident) == prompt[:64]
    loaded.obey(AbortFlag())
    state.evaluate(prompt[state.restore_prefix(prompt) :])
    np.testing.assert_allclose(state.logits(), expected, atol=0.05)


def test_what_llama_cpp_refuses_is_an_error_and_leaves_nothing(state):
    state.evaluate(tokens(40))
    with pytest.raises(EvaluationError, match='could not evaluate 1 tokens at 40'):
        state.evaluate([10**6])
    assert state.n_resident == 0
    assert state.evaluate(tokens(40))
