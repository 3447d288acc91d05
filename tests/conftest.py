import signal
from pathlib import Path

import pytest

from nemotron_agent.llm.model_download import ensure_model
from nemotron_agent.testing.synthetic_model import write_tiny_hybrid

# A shell starts background jobs with SIGINT ignored, and children inherit that; tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _state_folder(tmp_path_factory, monkeypatch):
    """Give each test, and the processes it starts, a state folder of its own."""
    monkeypatch.setenv('NEMOTRON_AGENT_STATE', str(tmp_path_factory.mktemp('state')))


@pytest.fixture(scope='session')
def smollm2_path() -> Path:
    """A real model of 135M parameters; fetched on first use."""
    return ensure_model('smollm2-135m')


@pytest.fixture(scope='session')
def qwen_path() -> Path:
    """A real model of 1.5B parameters; fetched on first use, 1.1 GB."""
    return ensure_model('qwen2.5-coder-1.5b')


@pytest.fixture(scope='session')
def tiny_hybrid_path(tmp_path_factory) -> Path:
    """A hybrid with a template in Nemotron's style and random weights."""
    return write_tiny_hybrid(tmp_path_factory.mktemp('models') / 'tiny_hybrid.gguf')
