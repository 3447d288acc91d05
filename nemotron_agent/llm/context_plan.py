"""Memory of a context: what its tokens, its states and their computation take."""

from collections.abc import Iterator

from nemotron_agent.llm.memory_part import MemoryPart, Place
from nemotron_agent.llm.memory_settings import KV_BLOCKS, Conditions, MemorySettings
from nemotron_agent.llm.model_shape import ModelShape
from nemotron_agent.llm.weights_plan import gpu_share

_FLOAT = 4
_HALF = 2
# Matrices are multiplied by activations in blocks of 8 bits: 34 bytes for 32 (ggml's Q8_0), or
# 292 for 256 (Q8_K), the larger of which is meant.
_ACTIVATION_BYTES = 292 / 256


def kv_bytes_per_token(shape: ModelShape, kv_type: str) -> int:
    """Bytes of keys and values of one token in all attention layers."""
    block, block_bytes = KV_BLOCKS[kv_type]
    numbers = sum(heads * (shape.key_length + shape.value_length) for heads in shape.kv_heads)
    return numbers * block_bytes // block


def recurrent_bytes(shape: ModelShape) -> int:
    """Bytes of the recurrent state of one sequence, whatever its length."""
    if shape.recurrent is None:
        return 0
    return shape.recurrent.layers * _layer_state_bytes(shape)


def state_bytes(shape: ModelShape, n_tokens: int, kv_type: str) -> int:
    """Bytes of all that a sequence of so many tokens holds, as they are copied out."""
    return recurrent_bytes(shape) + n_tokens * kv_bytes_per_token(shape, kv_type)


def context_parts(
    shape: ModelShape, settings: MemorySettings, conditions: Conditions
) -> Iterator[MemoryPart]:
    """Give the memory of a context."""
    share = gpu_share(shape, conditions)
    of_layers = {
        'kv_cache': settings.cells * kv_bytes_per_token(shape, settings.kv_type),
        'recurrent_state': recurrent_bytes(shape),
        'snapshots': settings.snapshot_slots * recurrent_bytes(shape),
    }
    for name, n_bytes in of_layers.items():
        on_gpu = round(n_bytes * share)
        if n_bytes > on_gpu:
            yield MemoryPart(name, n_bytes - on_gpu, by_llama=True)
        if on_gpu:
            yield MemoryPart(name, on_gpu, Place.GPU, by_llama=True)
    yield MemoryPart(
        'compute',
        compute_bytes(shape, settings, conditions.flash_attention),
        Place.GPU if share else Place.HOST,
        by_llama=True,
    )
    if share:
        yield MemoryPart('compute', _input_bytes(shape, settings, conditions), by_llama=True)
    outputs = settings.sequences * shape.vocabulary * _FLOAT
    yield MemoryPart('outputs', outputs, by_llama=True)
    widest = max(
        shape.feed_forward, shape.embedding, shape.recurrent.inner if shape.recurrent else 0
    )
    yield MemoryPart('activations', round(settings.n_ubatch * widest * _ACTIVATION_BYTES))


def compute_bytes(shape: ModelShape, settings: MemorySettings, flash_attention: bool) -> int:
    """Bytes of the buffer that llama.cpp computes in: the mask, and the widest point of a layer.

    ggml's allocator reuses memory within a graph. What is alive at once was found from the sizes
    that llama.cpp logs for llama, qwen2 and nemotron_h; they agree within 3 % for n_ubatch from 64
    to 2048 with flash attention.
    """
    tokens = _measured_tokens(settings)
    mask = _mask_bytes(settings, flash_attention)
    residual = 4 * shape.embedding
    of_token = (3 if shape.gated else 2) * shape.feed_forward + residual
    if not flash_attention:
        scores = shape.heads * settings.cells
        of_token = max(of_token, scores + residual + 3 * shape.heads * shape.key_length)
    widest = tokens * of_token * _FLOAT
    if shape.recurrent is not None:
        states = settings.sequences * _layer_state_bytes(shape) if settings.snapshot_slots else 0
        widest = max(widest, tokens * _mamba_numbers(shape) * _FLOAT + states)
    logits = settings.sequences * shape.vocabulary * _FLOAT
    return mask + max(widest, logits)


def _input_bytes(shape: ModelShape, settings: MemorySettings, conditions: Conditions) -> int:
    """Bytes of what the CPU hands to a GPU: the mask, and embeddings with their copy."""
    embeddings = 2 * _measured_tokens(settings) * shape.embedding * _FLOAT
    return _mask_bytes(settings, conditions.flash_attention) + embeddings


def _mask_bytes(settings: MemorySettings, flash_attention: bool) -> int:
    return _measured_tokens(settings) * settings.cells * (_HALF if flash_attention else _FLOAT)


def _measured_tokens(settings: MemorySettings) -> int:
    """Tokens of the graph that is measured: it has as many in each sequence."""
    return -(-min(settings.n_ubatch, settings.cells) // settings.sequences) * settings.sequences


def _mamba_numbers(shape: ModelShape) -> int:
    """Numbers alive at once for a token in a Mamba layer."""
    recurrent = shape.recurrent
    assert recurrent is not None
    projected = recurrent.inner + recurrent.conv_width + recurrent.heads
    return projected + 2 * recurrent.conv_width + 2 * recurrent.inner + 2 * shape.embedding


def _layer_state_bytes(shape: ModelShape) -> int:
    """Bytes of one Mamba layer's state: of its convolution, and of its state space."""
    recurrent = shape.recurrent
    assert recurrent is not None
    numbers = (recurrent.conv - 1) * recurrent.conv_width + recurrent.state * recurrent.inner
    return numbers * _FLOAT
