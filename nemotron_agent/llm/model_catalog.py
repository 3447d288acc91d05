"""The catalogue of models, and what a model's name or path stands for."""

import dataclasses
import difflib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pydantic
import yaml

from nemotron_agent.core.errors import ConfigurationError, ModelFileError
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.llm.model_entry import ModelEntry
from nemotron_agent.llm.model_folder import ModelFolder
from nemotron_agent.llm.pull_progress import PullProgress, SilentProgress

CATALOG_VARIABLE = 'NEMOTRON_AGENT_MODEL_CATALOG'
SCRIPTED_PREFIX = 'scripted:'
GGUF_MAGIC = b'GGUF'


class ModelCatalog:
    """The models known by name, in the order of their file."""

    def __init__(self, entries: Mapping[str, ModelEntry]) -> None:
        self._entries = dict(entries)

    @classmethod
    def default(cls) -> 'ModelCatalog':
        """Read the catalogue shipped, or the one NEMOTRON_AGENT_MODEL_CATALOG names."""
        own = os.environ.get(CATALOG_VARIABLE)
        return cls.load(Path(own).expanduser() if own else config_file('models.yaml'))

    @classmethod
    def load(cls, path: Path) -> 'ModelCatalog':
        """Read a catalogue.

        Raises:
            ConfigurationError: a file or key that cannot be used.
        """
        try:
            data = yaml.safe_load(path.read_text(encoding='utf-8'))
        except OSError as error:
            raise ConfigurationError(
                f'the model catalogue {path} cannot be read ({error.strerror})'
            ) from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ConfigurationError(f'the model catalogue {path} is not YAML: {error}') from error
        if not isinstance(data, dict) or not data:
            raise ConfigurationError(
                f'the model catalogue {path} holds no models: write "name:" and its keys below'
            )
        return cls({str(name): _entry(path, str(name), keys) for name, keys in data.items()})

    def __iter__(self) -> Iterator[ModelEntry]:
        return iter(self._entries.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all models."""
        return tuple(self._entries)

    def entry(self, name: str) -> ModelEntry:
        """Look a model up.

        Raises:
            ConfigurationError: there is none of that name.
        """
        if name in self._entries:
            return self._entries[name]
        near = difflib.get_close_matches(name.lower(), self.names, n=1, cutoff=0.5)
        meant = f'did you mean {near[0]}? ' if near else ''
        raise ConfigurationError(
            f'there is no model {name!r}: {meant}The catalogue has {", ".join(self.names)}; '
            'a file is named by its path, such as ./model.gguf'
        )

    def entry_of_file(self, path: Path) -> ModelEntry | None:
        """Find the model that a file is, by its name and size."""
        for entry in self:
            if entry.file == path.name and entry.bytes == path.stat().st_size:
                return entry
        return None


def _entry(path: Path, name: str, keys: object) -> ModelEntry:
    if not isinstance(keys, dict):
        raise ConfigurationError(f'{path}: {name}: write its keys below it')
    try:
        return ModelEntry.model_validate({**keys, 'name': name})
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = '.'.join(map(str, (name, *problem['loc'])))
        raise ConfigurationError(f'{path}: {key}: {problem["msg"]}') from error


@dataclasses.dataclass(frozen=True)
class ResolvedModel:
    """What a model's name or path stands for.

    Attributes:
        path: the file.
        entry: what the catalogue says of it, if it is one of the catalogue's.
        scripted: the file is the script of a scripted model, no GGUF.
    """

    path: Path
    entry: ModelEntry | None = None
    scripted: bool = False

    @property
    def name(self) -> str:
        """Name for people."""
        return self.entry.name if self.entry else self.path.stem


def resolve_model(
    name_or_path: str,
    catalog: ModelCatalog | None = None,
    folder: ModelFolder | None = None,
    progress: PullProgress | None = None,
) -> ResolvedModel:
    """Find a model's file: a name of the catalogue, a path, or `scripted:` and a path.

    A file of the catalogue whose sha256 nobody has checked yet is checked here.

    Raises:
        ConfigurationError: the catalogue has no such name.
        ModelFileError: the file is missing or is not what it should be.
    """
    if name_or_path.startswith(SCRIPTED_PREFIX):
        script = Path(name_or_path.removeprefix(SCRIPTED_PREFIX)).expanduser()
        _check_is_file(script)
        return ResolvedModel(script, scripted=True)
    if not name_or_path.strip():
        raise ConfigurationError('no model is named: give a name of the catalogue or a path')
    catalog = catalog or ModelCatalog.default()
    if is_path(name_or_path):
        path = Path(name_or_path).expanduser()
        _check_is_gguf(path)
        return ResolvedModel(path, catalog.entry_of_file(path))
    entry = catalog.entry(name_or_path)
    path = (folder or ModelFolder()).checked_file(entry, progress or SilentProgress())
    return ResolvedModel(path, entry)


def is_path(name_or_path: str) -> bool:
    """Whether this names a file and not a model of the catalogue."""
    return os.sep in name_or_path or name_or_path.endswith('.gguf') or name_or_path[:1] in '~.'


def _check_is_file(path: Path) -> None:
    if not path.exists():
        raise ModelFileError(f'there is no file {path}')
    if not path.is_file():
        raise ModelFileError(f'{path} is not a file')


def _check_is_gguf(path: Path) -> None:
    _check_is_file(path)
    try:
        with path.open('rb') as file:
            start = file.read(len(GGUF_MAGIC))
    except OSError as error:
        raise ModelFileError(f'{path} cannot be read ({error.strerror})') from error
    if start != GGUF_MAGIC:
        raise ModelFileError(f'{path} is not a GGUF file: it begins with {start!r}')
