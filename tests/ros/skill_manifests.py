"""Manifests written in tests."""

from nemotron_agent.core.errors import ManifestError
from nemotron_agent.skills.manifest import Manifest, read_manifest
from nemotron_agent.skills.places import Places
from nemotron_agent.skills.yaml_document import YamlDocument

PLACES = Places.model_validate({'places': {'kitchen': {'x': 4, 'y': 1}, 'dock': {'x': 0, 'y': 0}}})


def manifest_of(text: str) -> Manifest:
    """Read a manifest from the text below its `skills:`."""
    return read_manifest(YamlDocument(f'skills:\n{text}', 's.yaml'), PLACES)


__all__ = ['PLACES', 'ManifestError', 'manifest_of']
