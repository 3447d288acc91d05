"""The catalogue of models as people and programs want to see it."""

from collections.abc import Iterator
from typing import Any

from nemotron_agent.llm.model_catalog import ModelCatalog
from nemotron_agent.llm.model_download import sources_of
from nemotron_agent.llm.model_entry import ModelEntry
from nemotron_agent.llm.model_folder import FileState, ModelFolder


def model_records(catalog: ModelCatalog, folder: ModelFolder) -> list[dict[str, Any]]:
    """Give what is known of each model, as JSON values."""
    return [
        {
            **entry.model_dump(mode='json', exclude={'hugging_face', 'pypi_wheels'}),
            'sources': [source.label for source in sources_of(entry)],
            'state': folder.state(entry).value,
            'partial_bytes': folder.partial_bytes(entry),
            'verified': folder.was_verified(entry),
            'path': str(folder.file(entry)),
        }
        for entry in catalog
    ]


def model_lines(catalog: ModelCatalog, folder: ModelFolder) -> Iterator[str]:
    """Give the lines of a list for people, two a model."""
    width = max(len(name) for name in catalog.names)
    yield f'{"name":<{width}}  {"size":>7}  {"state":<11}  use'
    for entry in catalog:
        state = _state(entry, folder)
        yield f'{entry.name:<{width}}  {_size(entry.bytes):>7}  {state:<11}  {entry.use}'.rstrip()
        sources = ' or '.join(source.label for source in sources_of(entry))
        yield f'    {entry.licence}; from {sources or "no source"}'
    yield f'kept in {folder.path}'


def _state(entry: ModelEntry, folder: ModelFolder) -> str:
    state = folder.state(entry)
    if state is FileState.PARTIAL:
        return f'{state.value} {folder.partial_bytes(entry) / entry.bytes:.0%}'
    return str(state.value)


def _size(size_bytes: int) -> str:
    if size_bytes >= 1_000_000_000:
        return f'{size_bytes / 1e9:.2f} GB'
    return f'{size_bytes / 1e6:.0f} MB'
