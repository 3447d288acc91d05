"""The shape of a model by its name, whether its file is here or not."""

from pathlib import Path

from nemotron_agent.core.errors import ModelFileError
from nemotron_agent.llm.model_catalog import ModelCatalog, is_path
from nemotron_agent.llm.model_folder import FileState, ModelFolder
from nemotron_agent.llm.model_shape import ModelShape, read_model_shape


def find_model_shape(
    name_or_path: str, catalog: ModelCatalog | None = None, folder: ModelFolder | None = None
) -> ModelShape:
    """Read the header of a file that is here, or take what the catalogue says of it.

    Raises:
        ConfigurationError: the catalogue has no such name.
        ModelFileError: the file cannot be used, or is not here and the catalogue has no shape.
    """
    if is_path(name_or_path):
        return read_model_shape(Path(name_or_path).expanduser())
    catalog, folder = catalog or ModelCatalog.default(), folder or ModelFolder()
    entry = catalog.entry(name_or_path)
    if folder.state(entry) is FileState.PRESENT:
        return read_model_shape(folder.file(entry))
    if entry.shape is None:
        raise ModelFileError(
            f'the file of {entry.name} is not here and the catalogue has no shape of it: '
            f'get it with `nemotron-agent model pull {entry.name}`'
        )
    return entry.shape
