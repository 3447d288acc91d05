"""How likely a text is, asked beside conversations that go on."""

import numpy as np
import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.messages import Message

from .engine_talk import SYSTEM, ask, make_engine


@pytest.fixture(scope='module')
def engine(tiny_hybrid_path):
    engine = make_engine(tiny_hybrid_path, n_ctx=4096, reply_protocol='call_only')
    yield engine
    engine.close()


def test_probabilities_of_all_next_letters_add_up(engine):
    letters = [chr(code) for code in range(32, 127)]
    logs = [engine.log_likelihood(letter, 'drive', CancelToken()) for letter in letters]
    assert 0.0 < np.exp(logs).sum() <= 1.0
    pair = engine.log_likelihood('ab', 'drive', CancelToken())
    parts = engine.log_likelihood('a', 'drive', CancelToken()) + engine.log_likelihood(
        'b', 'drivea', CancelToken()
    )
    assert pair == pytest.approx(parts, abs=1e-2)


def test_asked_again_it_says_the_same(smollm2_path):
    """A plain transformer's state can be cut short, and must not keep what is asked about."""
    engine = make_engine(smollm2_path, n_ctx=512, n_threads=2, tool_format='hermes')
    texts = ('Go on."', 'Go on."', 'Go on." twice')
    once, again, longer = (
        engine.log_likelihood(text, 'An operator says: "', CancelToken()) for text in texts
    )
    engine.close()
    assert again == pytest.approx(once, abs=1e-2)
    assert longer < once


def test_a_conversation_goes_on_where_it_was(engine):
    first = ask(engine, [SYSTEM, Message('user', 'go')])
    engine.log_likelihood('stop', 'An operator says: ', CancelToken())
    messages = [SYSTEM, Message('user', 'go'), first.message, Message('user', 'on')]
    usage = ask(engine, messages).usage
    written = first.usage.prompt_tokens + first.usage.generated_tokens
    assert written - 40 <= usage.reused_tokens <= written


def test_a_cancel_and_a_missing_slot_give_none(engine, tiny_hybrid_path):
    cancel = CancelToken()
    cancel.cancel()
    assert engine.log_likelihood('a', 'b', cancel) is None
    without = make_engine(tiny_hybrid_path, n_ctx=512, snapshot_slots=0)
    assert without.log_likelihood('a', 'b', CancelToken()) is None
    without.close()
