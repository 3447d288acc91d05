"""Which model it was, for a record."""

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.llm.model_catalog import ModelCatalog, resolve_model
from nemotron_agent.llm.model_fingerprint import model_fingerprint


def model_identity(name_or_path: str, catalog: ModelCatalog | None = None) -> dict[str, str]:
    """Tell a model from others.

    Returns:
        `name` as given, and where there is a file: its name as `file`, its `fingerprint`, and as
        `sha256` what the catalogue says of it and was checked when it was fetched.
    """
    identity = {'name': name_or_path}
    try:
        resolved = resolve_model(name_or_path, catalog)
        identity['file'] = resolved.path.name
        identity['fingerprint'] = model_fingerprint(resolved.path)
    except (NemotronAgentError, OSError):
        # A model that cannot be loaded is told by whoever loads it.
        return identity
    if resolved.entry is not None:
        identity['sha256'] = resolved.entry.sha256
    return identity
