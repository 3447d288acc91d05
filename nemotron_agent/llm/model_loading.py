"""From the name of a model and some parameters to a model that answers."""

import dataclasses

from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.resource_paths import cache_directory
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.memory_budget import read_budget
from nemotron_agent.llm.memory_check import fitting_plan, machine_here, process_bytes_here
from nemotron_agent.llm.memory_choice import MemoryWish
from nemotron_agent.llm.memory_plan import MemoryPlan
from nemotron_agent.llm.memory_settings import Conditions
from nemotron_agent.llm.model_catalog import ModelCatalog, ResolvedModel, resolve_model
from nemotron_agent.llm.model_entry import ModelEntry, SuggestedSampling
from nemotron_agent.llm.model_shape import read_model_shape
from nemotron_agent.llm.system_memory import SystemMemory

FROM_CATALOGUE = -1.0
AUTO = 'auto'


@dataclasses.dataclass(frozen=True)
class ModelParameters:
    """What a user says of a model; `EngineParameters` explains what is not said here.

    Attributes:
        model: name in the catalogue, path of a GGUF file, or `scripted:` and a path.
        n_ctx, n_ubatch: 0 has one chosen that there is memory for; so has -1 for snapshot_slots,
            and `auto` for kv_type.
        memory_budget: most memory for the process: `auto`, an amount such as 3GiB, or a
            percentage.
        memory_reserve_mb: memory of the machine to leave to others [MB].
        reply_protocol, tool_format: `auto` takes what the catalogue says, or the model's own.
        doubt: whether calls are looked at twice (`Doubts`): `on`, `off`, or `auto` for models
            whose catalogue entry says so.
        temperature, top_p, call_temperature, call_top_p: -1 takes what the catalogue says, or the
            likeliest token.
    """

    model: str
    n_ctx: int = 8192
    n_batch: int = 512
    n_ubatch: int = 0
    n_gpu_layers: int = -1
    n_threads: int = 0
    snapshot_slots: int = 4
    kv_type: str = 'f16'
    memory_budget: str = AUTO
    memory_reserve_mb: int = 512
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
    """Load a model if there is memory for it.

    Raises:
        ConfigurationError: no such model, or a parameter that is out of range.
        MemoryShortError: it needs more memory than it may have; nothing of it was read.
        ModelError: its file or its chat template cannot be used.
    """
    resolved = resolve_model(parameters.model, catalog)
    if resolved.scripted:
        from nemotron_agent.llm.scripted_model import ScriptedModel

        return ScriptedModel.load(resolved.path)
    # llama.cpp takes a second to import: not for those who only list models.
    from nemotron_agent.llm.llama_engine import LlamaEngine

    plan = plan_model(parameters, resolved)
    chosen = dataclasses.replace(parameters, **dataclasses.asdict(plan.settings))
    return LlamaEngine(engine_parameters(chosen, resolved), resolved.name, plan)


def plan_model(
    parameters: ModelParameters, resolved: ResolvedModel, system: SystemMemory | None = None
) -> MemoryPlan:
    """Plan the memory of a model in this process.

    Raises:
        ConfigurationError: `memory_budget` is no amount.
        MemoryShortError: it needs more memory than it may have.
        ModelFileError: the header of its file cannot be used.
    """
    system = system or SystemMemory()
    conditions = Conditions(
        machine=machine_here(system),
        n_gpu_layers=parameters.n_gpu_layers,
        flash_attention=parameters.flash_attention != 'off',
        process_bytes=process_bytes_here(system),
        saves_state=parameters.warm_start_mb > 0,
    )
    reserve_bytes = parameters.memory_reserve_mb * 10**6
    return fitting_plan(
        resolved.name,
        read_model_shape(resolved.path),
        memory_wish(parameters),
        conditions,
        read_budget(parameters.memory_budget, reserve_bytes, system),
    )


def memory_wish(parameters: ModelParameters) -> MemoryWish:
    """What the user has decided of the settings that memory depends on."""
    return MemoryWish(
        n_ctx=parameters.n_ctx or None,
        snapshot_slots=None if parameters.snapshot_slots < 0 else parameters.snapshot_slots,
        kv_type=None if parameters.kv_type == AUTO else parameters.kv_type,
        n_ubatch=parameters.n_ubatch or None,
        n_batch=parameters.n_batch,
    )


def engine_parameters(parameters: ModelParameters, resolved: ResolvedModel) -> EngineParameters:
    """Fill in from the catalogue what the user left open."""
    values = dataclasses.asdict(parameters)
    for name in ('model', 'doubt', 'memory_budget', 'memory_reserve_mb'):
        del values[name]
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
