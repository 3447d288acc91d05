import numpy as np
import pytest

from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.llm.sampling import Randomness, Sampler


def make_sampler(temperature, top_p, seed):
    randomness = Randomness(temperature, top_p)
    return Sampler(randomness, randomness, seed)


def logits(*values):
    return np.array(values, np.float32)


def picks(sampler, values, allowed=None, count=2000):
    return [sampler.pick(values, allowed) for _ in range(count)]


def test_temperature_zero_takes_the_likeliest():
    sampler = make_sampler(0.0, 1.0, seed=1)
    assert set(picks(sampler, logits(0, 3, 2), count=5)) == {1}
    assert set(picks(sampler, logits(0, 3, 2), np.array([0, 2]), count=5)) == {2}


def test_temperature_follows_the_probabilities():
    values = np.log(logits(0.7, 0.2, 0.1))
    counts = np.bincount(picks(make_sampler(1.0, 1.0, seed=1), values), minlength=3) / 2000
    assert counts == pytest.approx([0.7, 0.2, 0.1], abs=0.04)


def test_top_p_keeps_the_likeliest_only():
    values = np.log(logits(0.1, 0.6, 0.3))
    assert set(picks(make_sampler(1.0, 0.5, seed=1), values)) == {1}
    assert set(picks(make_sampler(1.0, 0.8, seed=1), values)) == {1, 2}


def test_top_p_looks_beyond_the_first_thousand():
    assert (
        len(set(picks(make_sampler(1.0, 0.9, seed=1), np.zeros(5000, np.float32), count=4000)))
        > 1500
    )


def test_a_seed_repeats():
    values = np.log(logits(0.4, 0.3, 0.3))
    first, second, other = (picks(make_sampler(1.0, 1.0, seed), values) for seed in (1, 1, 2))
    assert first == second
    assert first != other


def test_forbidden_tokens_are_never_picked():
    allowed = np.array([1, 3])
    assert set(picks(make_sampler(2.0, 1.0, seed=1), logits(9, 0, 9, 0), allowed)) == {1, 3}


@pytest.mark.parametrize('temperature', [0.0, 1.0])
def test_logits_that_are_no_numbers_are_an_error(temperature):
    with pytest.raises(EvaluationError, match='computes no numbers'):
        make_sampler(temperature, 1.0, seed=1).pick(logits(0, np.nan))


def test_a_grammar_that_allows_nothing_is_an_error():
    with pytest.raises(EvaluationError, match='the grammar allows no token'):
        make_sampler(0.0, 1.0, seed=1).pick(logits(0, 1), np.array([], np.intp))


def test_what_a_grammar_constrains_is_chosen_in_its_own_way():
    values = logits(1, 2, 3)
    sampler = Sampler(Randomness(1.0), Randomness(0.0), seed=1)
    assert set(picks(sampler, values, np.array([0, 1]))) == {1}
    assert set(picks(sampler, values)) == {0, 1, 2}
