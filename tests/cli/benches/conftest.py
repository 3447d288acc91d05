import pytest

from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.subject import Subjects
from nemotron_agent.llm.model_catalog import ResolvedModel


@pytest.fixture
def progress():
    return Progress()


@pytest.fixture
def tiny(tmp_path, progress, tiny_hybrid_path):
    """One thread: threads that spin while they wait take the cores of others."""
    model = ResolvedModel(tiny_hybrid_path)
    return Subjects(tmp_path, progress, model, {'n_threads': 1, 'n_ctx': 16384}).real()
