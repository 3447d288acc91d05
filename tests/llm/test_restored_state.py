"""A restored state is the state that was left, whatever came between."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemotron_agent.llm.context_state import ContextState
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_context import AbortFlag, LlamaContext, LlamaModel
from nemotron_agent.llm.snapshots import Worth

SLICE = 32
N_CTX = 512
SLOTS = 3
SHARED = [int(token) for token in np.random.default_rng(99).integers(20, 250, 40)]


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A model with a context to test and one that never goes back.

    Attributes:
        noise: how far logits may be off if the same tokens came in other batches.
        saved: the state after SHARED, once it was saved.
    """

    model: LlamaModel
    context: LlamaContext
    twin: LlamaContext
    noise: float
    saved: list = dataclasses.field(default_factory=list)


def load(path, noise):
    parameters = EngineParameters(
        path, n_ctx=N_CTX, n_batch=SLICE, n_threads=1, snapshot_slots=SLOTS
    )
    model = LlamaModel(path)
    contexts = [LlamaContext(model, parameters) for _ in range(2)]
    yield Loaded(model, *contexts, noise)
    for context in contexts:
        context.close()
    model.close()


@pytest.fixture(scope='module')
def hybrid(tiny_hybrid_path):
    yield from load(tiny_hybrid_path, 2e-2)


@pytest.fixture(scope='module')
def plain(smollm2_path):
    yield from load(smollm2_path, 2.0)


@pytest.fixture(params=['hybrid', 'plain'])
def loaded(request):
    return request.getfixturevalue(request.param)


class StoppingFlag(AbortFlag):
    """Seen by llama.cpp only: it ends a decode call that has begun."""

    is_set = False


class Recorder:
    """A context under test, with what every state was when it was first there."""

    def __init__(self, loaded):
        self.loaded = loaded
        self.context = loaded.context
        self.state = ContextState(self.context)
        self.state.clear()
        self.context.obey(AbortFlag())
        self.bytes = {}
        self.splits = {(): ()}
        self.exact_restores = 0

    def go_to(self, prompt, owner, worth=Worth.TURN):
        kept = self.state.restore_prefix(prompt, owner, worth)
        assert self.state.resident == tuple(prompt[:kept])
        assert kept < len(prompt)
        self.check()
        return kept

    def evaluate(self, tokens):
        before = self.splits.get(self.state.resident)
        assert self.state.evaluate(tokens)
        sizes = [len(tokens[i : i + SLICE]) for i in range(0, len(tokens), SLICE)]
        if before is None:
            self.splits.pop(self.state.resident, None)
        else:
            self.splits[self.state.resident] = (*before, *sizes)
        self.bytes[self.state.resident] = self.now()

    def now(self):
        return self.context.state_bytes(self.state.live_sequence), self.state.live_sequence

    def check(self):
        """Compare the live state with what it was when these tokens had just been evaluated."""
        known = self.bytes.get(self.state.resident)
        if known is None:
            return
        self.exact_restores += 1
        (then, sequence), (now, live) = known, self.now()
        ours, theirs = np.frombuffer(then, np.uint8), np.frombuffer(now, np.uint8)
        assert ours.size == theirs.size
        other = np.flatnonzero(ours != theirs)
        # llama.cpp writes the sequence's number for each token and for the recurrent state.
        assert other.size in (0, len(self.state.resident), len(self.state.resident) + 1)
        assert set(ours[other]) <= {sequence}
        assert set(theirs[other]) <= {live}

    def logits_of_a_fresh_one(self, splits=None):
        """Logits of a context that decodes the same tokens and never went back."""
        twin, tokens = self.loaded.twin, list(self.state.resident)
        twin.clear()
        twin.obey(AbortFlag())
        start = 0
        for size in splits or [SLICE] * (len(tokens) // SLICE) + [len(tokens) % SLICE]:
            if size:
                twin.decode(tokens[start : start + size], start)
            start += size
        return twin.logits().copy()

    def assert_near_a_fresh_one(self):
        expected = self.logits_of_a_fresh_one()
        np.testing.assert_allclose(self.state.logits(), expected, atol=self.loaded.noise)

    def assert_bit_equal_to_a_fresh_one(self):
        splits = self.splits[self.state.resident]
        assert np.array_equal(self.state.logits(), self.logits_of_a_fresh_one(splits))


def tokens(count, seed):
    return [int(token) for token in np.random.default_rng(seed).integers(20, 250, count)]


@pytest.fixture
def recorder(loaded):
    return Recorder(loaded)


def turn(recorder, owner, history, seed, n_command=20, n_reply=4, stop=None):
    """A command and its reply; return the history with them."""
    prompt = [*history, *tokens(n_command, seed)]
    kept = recorder.go_to(prompt, owner)
    if kept < len(SHARED):
        recorder.evaluate(prompt[kept : len(SHARED)])
        recorder.state.keep(Worth.SHARED)
    if stop is not None and recorder.state.n_resident < len(prompt) - stop:
        recorder.evaluate(prompt[recorder.state.n_resident : len(prompt) - stop])
        recorder.state.keep(Worth.NEXT)
    recorder.evaluate(prompt[recorder.state.n_resident :])
    reply = tokens(n_reply, seed + 1)
    for token in reply:
        recorder.evaluate([token])
    return prompt + reply


def test_a_turn_taken_back_leaves_no_trace(recorder):
    history = turn(recorder, 'a', SHARED, 1)
    turn(recorder, 'a', history, 3)
    again = turn(recorder, 'a', history, 5)
    assert recorder.state.n_resident == len(again)
    recorder.assert_bit_equal_to_a_fresh_one()


def test_a_cut_thought_goes_on_from_before_it(recorder):
    history = turn(recorder, 'a', SHARED, 1, n_command=100, stop=2)
    prompt = history[: len(SHARED) + 98] + tokens(10, 7)
    kept = recorder.go_to(prompt, 'a')
    assert kept == len(SHARED) + 98
    recorder.evaluate(prompt[kept:])
    recorder.assert_bit_equal_to_a_fresh_one()


def test_a_new_conversation_goes_on_from_what_all_share(recorder):
    turn(recorder, 'a', SHARED, 1)
    recorder.state.forget('a')
    assert recorder.go_to([*SHARED, *tokens(20, 3)], 'b') == len(SHARED)
    recorder.evaluate(tokens(20, 3))
    recorder.assert_bit_equal_to_a_fresh_one()


def test_an_aborted_decode_call_goes_back_to_the_nearest_snapshot(recorder):
    history = turn(recorder, 'a', SHARED, 1)
    prompt = [*history, *tokens(100, 3)]
    kept = recorder.go_to(prompt, 'a')
    recorder.evaluate(prompt[kept : kept + 32])
    flag = StoppingFlag()
    recorder.context.obey(flag)
    flag.set()
    assert not recorder.state.evaluate(prompt[kept + 32 :])
    recorder.context.obey(AbortFlag())
    hybrid = recorder.context.keeps_recurrent_state
    assert recorder.state.n_resident == (len(history) if hybrid else kept + 32)
    recorder.check()
    recorder.evaluate(prompt[recorder.state.n_resident :])
    recorder.assert_bit_equal_to_a_fresh_one()


def test_conversations_in_rotation_evaluate_only_what_is_new(recorder):
    state = recorder.state
    histories = {owner: turn(recorder, owner, SHARED, ord(owner), 10) for owner in 'abc'}
    for seed in range(3):
        for owner in 'abc':
            before = len(histories[owner])
            prompt = [*histories[owner], *tokens(10, seed)]
            assert recorder.go_to(prompt, owner) == before
            histories[owner] = turn(recorder, owner, histories[owner], seed, 10, 2)
            recorder.assert_near_a_fresh_one()
    assert len(state.snapshots) <= SLOTS
    assert recorder.exact_restores >= 9


def test_forgetting_frees_the_snapshots(recorder):
    turn(recorder, 'b', turn(recorder, 'a', SHARED, 1), 3)
    recorder.state.forget('a')
    recorder.state.forget('b')
    assert [kept.worth for kept in recorder.state.snapshots] == [Worth.SHARED]


def test_a_full_cache_gives_up_snapshots(recorder):
    for number, owner in enumerate('abc'):
        turn(recorder, owner, tokens(120, number), number, 50)
    long = tokens(500, 9)
    recorder.evaluate(long[recorder.go_to(long, 'd') :])
    recorder.assert_near_a_fresh_one()
    assert not recorder.state.snapshots


def test_rewinds_to_a_snapshot(recorder):
    history = turn(recorder, 'a', SHARED, 1)
    recorder.go_to([*history, 50], 'a')
    recorder.evaluate(tokens(5, 2))
    assert recorder.state.rewind(len(history))
    recorder.check()
    assert recorder.state.n_resident == len(history)


def test_a_saved_state_is_the_one_that_was_left(recorder):
    turn(recorder, 'a', SHARED, 1)
    restart(recorder)
    assert recorder.exact_restores == 1
    recorder.evaluate(tokens(20, 3))
    recorder.assert_bit_equal_to_a_fresh_one()
    restart(recorder)
    assert recorder.go_to([*SHARED, 50], 'b') == len(SHARED)


def test_one_newer_shared_beginning_replaces_another(recorder):
    for first in (tokens(60, 1), tokens(60, 2)):
        recorder.go_to([*first, 50], 'a')
        recorder.evaluate(first)
        recorder.state.keep(Worth.SHARED)
    shared = [kept.tokens for kept in recorder.state.snapshots if kept.worth is Worth.SHARED]
    assert shared == [tuple(tokens(60, 2))]


ACTIONS = ('turn', 'think', 'cancel', 'abort', 'compact', 'forget', 'restart')
STEPS = st.lists(
    st.tuples(
        st.sampled_from(ACTIONS),
        st.sampled_from('abcd'),
        st.integers(1, 70),
        st.integers(0, 10**6),
    ),
    min_size=1,
    max_size=14,
)


def restart(recorder):
    """Begin anew with the saved state of what all share."""
    state = recorder.state
    state.clear()
    saved = recorder.loaded.saved
    if not saved:
        recorder.evaluate(SHARED)
        saved.append(state.save())
        state.clear()
    assert state.load(SHARED, saved[0])
    state.keep(Worth.SHARED)
    recorder.check()


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_any_interleaving_leaves_each_state_of_a_hybrid_as_it_was(hybrid, steps):
    interleave(hybrid, steps)


@settings(max_examples=6, deadline=None)
@given(steps=STEPS)
def test_any_interleaving_leaves_each_state_of_a_transformer_as_it_was(plain, steps):
    interleave(plain, steps)


def interleave(loaded, steps):
    recorder = Recorder(loaded)
    histories = dict.fromkeys('abcd', SHARED)
    for action, owner, count, seed in steps:
        history = histories[owner] if len(histories[owner]) < 300 else SHARED
        if action == 'turn':
            histories[owner] = turn(recorder, owner, history, seed, count)
        elif action == 'think':
            whole = turn(recorder, owner, history, seed, count + 2, 6, stop=2)
            histories[owner] = [*whole[:-8], *tokens(4, seed)]
        elif action == 'cancel':
            turn(recorder, owner, history, seed, count)
            recorder.state.disown(owner)
        elif action == 'abort':
            prompt = [*history, *tokens(count, seed)]
            kept = recorder.go_to(prompt, owner)
            flag = StoppingFlag()
            recorder.context.obey(flag)
            flag.set()
            assert not recorder.state.evaluate(prompt[kept:])
            recorder.context.obey(AbortFlag())
            recorder.check()
        elif action == 'compact':
            histories[owner] = [*SHARED, *history[len(SHARED) + count :]]
        elif action == 'forget':
            recorder.state.forget(owner)
            histories[owner] = SHARED
        else:
            restart(recorder)
    if steps[-1][0] in ('turn', 'think', 'cancel'):
        recorder.assert_near_a_fresh_one()
