"""From the name of a model and some parameters to a model that answers."""

import dataclasses

from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.resource_paths import cache_directory
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.model_catalog import ModelCatalog, ResolvedModel, resolve_model
from nemotron_agent.llm.model_entry import ModelEntry, SuggestedSampling

FROM_CATALOGUE = -1.0
AUTO = 'auto'


@dataclasses.dataclass(frozen=True)
class ModelParameters:
    """What a user says of a model; `EngineParameters` explains what is not said here.

    Attributes:
        model: name in the catalogue, path of a GGUF file, or `scripted:` and a path.
        reply_protocol, tool_format: `auto` takes what the catalogue says, or the model's own.
        doubt: whether a first call is held back that the command's words do not support: `on`,
            `off`, or `auto` for models whose catalogue entry says so.
        temperature, top_p, call_temperature, call_top_p: -1 takes what the catalogue says, or the
            likeliest token.
    """

    model: str
    n_ctx: int = 8192
    n_batch: int = 512
    n_gpu_layers: int = -1
    n_threads: int = 0
    snapshot_slots: int = 4
    kv_type: str = 'f16'
    flash_attention: str = 'auto'
    reply_protocol: str = AUTO
    tool_format: str = AUTO
    temperature: float = FROM_CATALOGUE
    top_p: float = FROM_CATALOGUE
    call_temperature: float = FROM_CATALOGUE
    call_top_p: float = FROM_CATALOGUE
    seed: int = 0
    max_reply_tokens: int = 512
    max_thinking_tokens: int = 512
    doubt: str = AUTO
    warm_start_mb: int = 512


def load_model(parameters: ModelParameters, catalog: ModelCatalog | None = None) -> ChatModel:
    """Load a model.

    Raises:
        ConfigurationError: no such model, or a parameter that is out of range.
        ModelError: its file or its chat template cannot be used.
    """
    resolved = resolve_model(parameters.model, catalog)
    if resolved.scripted:
        from nemotron_agent.llm.scripted_model import ScriptedModel

        return ScriptedModel.load(resolved.path)
    # llama.cpp takes a second to import: not for those who only list models.
    from nemotron_agent.llm.llama_engine import LlamaEngine

    return LlamaEngine(engine_parameters(parameters, resolved), name=resolved.name)


def engine_parameters(parameters: ModelParameters, resolved: ResolvedModel) -> EngineParameters:
    """Fill in from the catalogue what the user left open."""
    values = dataclasses.asdict(parameters)
    del values['model'], values['doubt']
    entry = resolved.entry
    if entry is not None:
        if values['reply_protocol'] == AUTO:
            values['reply_protocol'] = entry.reply_protocol.value
        if values['tool_format'] == AUTO:
            values['tool_format'] = entry.tool_format
    sampling = entry.sampling if entry else SuggestedSampling()
    call_sampling = entry.call_sampling if entry else SuggestedSampling()
    suggested = {
        'temperature': sampling.temperature,
        'top_p': sampling.top_p,
        'call_temperature': call_sampling.temperature,
        'call_top_p': call_sampling.top_p,
    }
    for name, value in suggested.items():
        if values[name] == FROM_CATALOGUE:
            values[name] = value
    values['min_support'] = _min_support(parameters.doubt, entry)
    if parameters.warm_start_mb:
        values['warm_start_folder'] = cache_directory() / 'warm_start'
    return EngineParameters(model_path=resolved.path, **values)


def _min_support(doubt: str, entry: ModelEntry | None) -> float | None:
    suggested = entry.min_support if entry else None
    if doubt == 'on' and suggested is None:
        return 0.0
    return None if doubt == 'off' else suggested
