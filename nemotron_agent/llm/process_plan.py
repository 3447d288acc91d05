"""What a process needs besides llama.cpp's buffers."""

from collections.abc import Iterator

from nemotron_agent.llm.context_plan import state_bytes
from nemotron_agent.llm.memory_part import MemoryPart, Place
from nemotron_agent.llm.memory_settings import Conditions, MemorySettings
from nemotron_agent.llm.model_shape import ModelShape

_MIB = 1 << 20

# Measured on x86-64 with CPython 3.11 and ROS 2 Kilted, after some replies, in all and for each
# token of the vocabulary. `nemotron-agent bench memory` compares them with processes.
ENGINE_PROCESS_BYTES = 68 * _MIB
NODE_PROCESS_BYTES = 128 * _MIB
_VOCABULARY_BYTES = 390
_GRAMMAR_BYTES = 360
# A guess: it has not been measured on a Jetson.
_CUDA_BYTES = 400 * _MIB
# Tokens of system prompt and tools; the shipped ones are 1300.
_SHARED_TOKENS = 2048


def process_parts(
    shape: ModelShape, settings: MemorySettings, conditions: Conditions
) -> Iterator[MemoryPart]:
    """Give the memory of Python and what runs in it, ROS where it does."""
    yield MemoryPart('process', conditions.process_bytes)
    yield MemoryPart('vocabulary', shape.vocabulary * _VOCABULARY_BYTES)
    yield MemoryPart('grammar', shape.vocabulary * _GRAMMAR_BYTES)
    if conditions.saves_state:
        shared = min(_SHARED_TOKENS, settings.n_ctx)
        yield MemoryPart('saved_state', state_bytes(shape, shared, settings.kv_type))
    if conditions.uses_gpu:
        yield MemoryPart('cuda_context', _CUDA_BYTES, Place.GPU)
