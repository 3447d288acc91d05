"""Has a model's file ready before anything is started that needs it."""

from nemotron_agent.cli.pull_progress_display import pull_progress_display
from nemotron_agent.llm.model_catalog import SCRIPTED_PREFIX, is_path, resolve_model
from nemotron_agent.llm.model_download import ensure_model


def fetch_model(model: str) -> None:
    """Download a model of the catalogue that is not here; check that another is."""
    if model.startswith(SCRIPTED_PREFIX) or is_path(model):
        resolve_model(model)
        return
    with pull_progress_display() as progress:
        ensure_model(model, progress)
