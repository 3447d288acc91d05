"""The models that are measured."""

import ctypes
import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nemotron_agent.cli.benches.options import BenchOptions
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.sides.llama import LlamaSide
from nemotron_agent.cli.benches.sides.ours import OurSide
from nemotron_agent.cli.benches.sides.server import ServerSide, server_is_here
from nemotron_agent.cli.benches.sides.side import MAX_THINKING_TOKENS, Side
from nemotron_agent.cli.model_fetch import fetch_model
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_context import LlamaModel
from nemotron_agent.llm.llama_runtime import llama_cpp
from nemotron_agent.llm.model_catalog import ResolvedModel, resolve_model
from nemotron_agent.testing.synthetic_model import write_full_hybrid, write_tiny_hybrid

REAL_MODEL = 'qwen2.5-coder-1.5b'
SMALL_MODEL = 'smollm2-135m'
TINY_N_CTX = 32768  # a token for each byte: four conversations need as much
# The same for every side: without trained weights a model can only make calls.
COMMON = {'reply_protocol': 'call_only', 'max_thinking_tokens': MAX_THINKING_TOKENS}

SideMaker = Callable[[], Side]


@dataclasses.dataclass(frozen=True)
class Subject:
    """A model as it is measured.

    Attributes:
        label: what figures call it: `hybrid`, or the family of a plain transformer.
        parameters: what ours is made with; the others take what they know of it.
        is_hybrid: whether its state cannot be cut short.
        thinks: whether its template has a switch for reasoning.
        is_trained: whether it means what it writes; a synthetic one does not.
    """

    label: str
    parameters: EngineParameters
    is_hybrid: bool
    thinks: bool
    is_trained: bool

    @property
    def path(self) -> Path:
        """Its file."""
        return self.parameters.model_path

    def side_makers(self) -> dict[str, SideMaker]:
        """What makes each side that can carry on conversations, by name, ours first."""
        parameters = self.parameters
        makers: dict[str, SideMaker] = {
            'ours': lambda: OurSide(parameters),
            'llama': lambda: LlamaSide(self.path, parameters.n_ctx),
        }
        if server_is_here():
            makers['server'] = lambda: ServerSide(self.path, parameters.n_ctx, parameters.threads)
        return makers


class Subjects:
    """The models of a run, made or found when they are first asked for.

    Without a model named by the user these are a tiny hybrid for counts, which do not depend on
    the size of a model; one of full size with weights of zero for times; and a small real model.
    """

    def __init__(
        self,
        folder: Path,
        progress: Progress,
        named: ResolvedModel | None = None,
        overrides: Mapping[str, Any] | None = None,
        options: BenchOptions = BenchOptions(),  # noqa: B008 (frozen)
    ) -> None:
        """Take what the user named, or what is written here.

        Args:
            folder: where synthetic models and other temporary files go.
            progress: told of what takes long.
            named: the only model to measure.
            overrides: fields of `EngineParameters` to set for every model.
            options: those of single benches.

        Raises:
            ConfigurationError: one of these is out of range.
            ModelFileError: the file cannot be loaded.
        """
        self.folder = folder
        self.options = options
        self._progress = progress
        self._overrides = dict(overrides or {})
        self._named = self._resolved(named) if named else None
        self._known: dict[str, Subject] = {}

    def counted(self) -> tuple[Subject, ...]:
        """For counts of tokens."""
        return (self._named,) if self._named else (self._tiny(), self.real())

    def soaked(self) -> tuple[Subject, ...]:
        """For thousands of turns: small ones."""
        if self._named:
            return (self._named,)
        return (self._tiny(), self._small())

    def timed(self) -> tuple[Subject, ...]:
        """For times."""
        return (self._named,) if self._named else (self.full(), self.real())

    def real(self) -> Subject:
        """The model the user named, or one with trained weights."""
        return self._named or self._once(REAL_MODEL, lambda: self._find(REAL_MODEL))

    def full(self) -> Subject:
        """The model the user named, or a hybrid of full size."""
        return self._named or self._once('full', self._write_full)

    def planned(self) -> tuple[Subject, ...]:
        """For memory: a model of each kind and size."""
        return (self._named,) if self._named else (self._small(), self.real(), self.full())

    def contexts(self, usual: tuple[int, ...]) -> tuple[int, ...]:
        """The size of context that the user named, or the usual ones."""
        named = self._overrides.get('n_ctx')
        return usual if named is None else (named,)

    def _tiny(self) -> Subject:
        return self._once('tiny', self._write_tiny)

    def _once(self, name: str, make: Callable[[], Subject]) -> Subject:
        if name not in self._known:
            self._known[name] = make()
        return self._known[name]

    def _write_tiny(self) -> Subject:
        path = write_tiny_hybrid(self.folder / 'tiny_hybrid.gguf')
        return self._described(path, n_ctx=TINY_N_CTX)

    def _write_full(self) -> Subject:
        words = self.real().path
        self._progress.step('writing the hybrid of full size')
        path = write_full_hybrid(self.folder / 'full_hybrid.gguf', vocabulary_of=words)
        return self._described(path)

    def _small(self) -> Subject:
        return self._once(SMALL_MODEL, lambda: self._find(SMALL_MODEL))

    def _find(self, name: str) -> Subject:
        fetch_model(name)
        return self._resolved(resolve_model(name))

    def _resolved(self, model: ResolvedModel) -> Subject:
        entry = model.entry
        return self._described(model.path, tool_format=entry.tool_format if entry else 'auto')

    def _described(self, path: Path, **values: Any) -> Subject:
        parameters = EngineParameters(path, **{**COMMON, **values, **self._overrides})
        model = LlamaModel(path, vocabulary_only=True)
        is_hybrid = bool(
            llama_cpp.llama_model_is_recurrent(model.handle)
            or llama_cpp.llama_model_is_hybrid(model.handle)
        )
        thinks = 'enable_thinking' in model.chat_template
        is_trained = not _metadata(model, 'general.name').startswith('synthetic-')
        model.close()
        label = label_of(path.stem, is_hybrid)
        return Subject(label, parameters, is_hybrid, thinks, is_trained)


def _metadata(model: LlamaModel, key: str) -> str:
    buffer = ctypes.create_string_buffer(256)
    llama_cpp.llama_model_meta_val_str(model.handle, key.encode(), buffer, len(buffer))
    return buffer.value.decode('utf-8', 'replace')


def label_of(name: str, is_hybrid: bool) -> str:
    """What figures call a model: `hybrid`, or the family of a plain transformer.

    A whole number belongs to it: `smollm2`, but `qwen` for 2.5, as a dot parts figures' names.
    """
    family = re.match(r'[a-z]+(\d+(?![\d.]))?', name.lower())
    return 'hybrid' if is_hybrid else family[0] if family else name
