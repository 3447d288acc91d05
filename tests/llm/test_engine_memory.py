"""What an engine leaves behind for the garbage collector."""

import concurrent.futures
import ctypes
import gc

import pytest

from nemotron_agent.core.errors import ContextFullError
from nemotron_agent.core.messages import Message

from .engine_talk import SYSTEM, ask, make_engine


@pytest.fixture
def engine(tiny_hybrid_path):
    engine = make_engine(tiny_hybrid_path, n_ctx=4096, max_reply_tokens=8)
    yield engine
    engine.close()


def refuse(engine):
    with pytest.raises(ContextFullError):
        ask(engine, [SYSTEM, Message('user', 'word ' * engine.n_ctx)])


def test_a_refused_prompt_is_freed_at_once(engine):
    ask(engine, [SYSTEM, Message('user', 'stop')])
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            refuse(engine)
        ask(engine, [SYSTEM, Message('user', 'stop')])
        futures = [o for o in gc.get_objects() if isinstance(o, concurrent.futures.Future)]
    finally:
        gc.enable()
    assert [o for o in futures if o.done() and isinstance(o.exception(), ContextFullError)] == []


def test_prompts_of_many_lengths_make_no_classes(engine):
    def array_types():
        return sum(issubclass(each, ctypes.Array) for each in ctypes.Array.__subclasses__())

    ask(engine, [SYSTEM, Message('user', 'stop')])
    gc.disable()
    try:
        before = array_types()
        for length in range(1, 20):
            ask(engine, [SYSTEM, Message('user', 'stop ' * length)])
        assert array_types() - before <= 2
    finally:
        gc.enable()
