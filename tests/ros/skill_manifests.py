"""Manifests written in tests."""

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.skills.manifest import Manifest, read_manifest
from nemotron_agent.skills.places import Places

PLACES = Places.model_validate({'places': {'kitchen': {'x': 4, 'y': 1}, 'dock': {'x': 0, 'y': 0}}})


def manifest_of(text: str) -> Manifest:
    """Read a manifest from the text below its `skills:`."""
    return read_manifest(YamlDocument(f'skills:\n{text}', 's.yaml'), PLACES)


__all__ = ['PLACES', 'DocumentError', 'manifest_of']
