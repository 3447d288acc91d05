"""Writes synthetic `nemotron_h` models: real shapes and prompts, no trained weights.

The tiny one has random weights and shows whether state is handled right. The full one has the
shapes and types of Nemotron 3 Nano 4B in Q4_K_M, all weights zero in a sparse file: it takes the
real memory and time, and a few megabytes of disk.
"""

import argparse
import dataclasses
import math
from collections.abc import Iterator
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Quantization

from nemotron_agent.testing.synthetic_vocabulary import add_vocabulary

TEMPLATE_FILE = Path(__file__).parent / 'data' / 'nemotron_style_chat_template.jinja'
MAMBA, ATTENTION, MLP = 'M', '*', '-'


@dataclasses.dataclass(frozen=True)
class HybridShape:
    """Sizes of a `nemotron_h` model.

    Attributes:
        layers: a letter each: M Mamba-2, * attention, - MLP.
        vocabulary: tokens; 0 is as few as there can be.
    """

    layers: str
    embedding: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_size: int
    ssm_heads: int
    ssm_head_size: int
    ssm_state: int
    ssm_groups: int
    ssm_conv: int = 4
    vocabulary: int = 0

    @property
    def ssm_inner(self) -> int:
        """Width of a Mamba layer."""
        return self.ssm_heads * self.ssm_head_size

    @property
    def ssm_conv_width(self) -> int:
        """Channels of a Mamba layer's convolution."""
        return self.ssm_inner + 2 * self.ssm_groups * self.ssm_state


TINY = HybridShape(
    layers='M-M*-M-',
    embedding=64,
    feed_forward=128,
    heads=4,
    kv_heads=2,
    head_size=16,
    ssm_heads=8,
    ssm_head_size=16,
    ssm_state=16,
    ssm_groups=2,
)
FULL = HybridShape(
    layers='M-M-M-MM-M-M*-M-M*-M-M-M*-M-M-MM*-MMM-M-M-',
    embedding=3136,
    feed_forward=12544,
    heads=40,
    kv_heads=8,
    head_size=128,
    ssm_heads=96,
    ssm_head_size=80,
    ssm_state=128,
    ssm_groups=8,
    vocabulary=131072,
)


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """A tensor to write; `more_bits` marks those that Q4_K_M keeps finer."""

    name: str
    shape: tuple[int, ...]
    quantised: bool = False
    more_bits: bool = False

    @property
    def type(self) -> Quantization:
        """Its type in a Q4_K_M file; rows that are no multiple of 256 fall back."""
        if not self.quantised:
            return Quantization.F32
        divisible = self.shape[-1] % 256 == 0
        if self.more_bits:
            return Quantization.Q6_K if divisible else Quantization.Q8_0
        return Quantization.Q4_K if divisible else Quantization.Q5_0


def write_tiny_hybrid(
    path: Path,
    seed: int = 0,
    chat_template: str | None = None,
    *,
    adds_bos: bool = False,
    vocabulary_of: Path | None = None,
) -> Path:
    """Write the tiny model, 0.8 MB of random weights; the same bytes for the same seed.

    Args:
        path: file to write.
        seed: seed of the weights.
        chat_template: template to embed; None is one in Nemotron's style, empty is none.
        adds_bos: whether a prompt is to begin with the token `<s>`.
        vocabulary_of: model file to take words from; None has a token for each byte.
    """
    name = 'synthetic-nemotron-h-tiny'
    writer, vocabulary = _begin(path, TINY, name, vocabulary_of)
    writer.add_add_bos_token(adds_bos)
    if chat_template is None:
        chat_template = TEMPLATE_FILE.read_text(encoding='utf-8')
    if chat_template:
        writer.add_chat_template(chat_template)
    random = np.random.default_rng(seed)
    for tensor in _tensors(TINY, vocabulary):
        writer.add_tensor(tensor.name, _random_weights(tensor, random))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_full_hybrid(path: Path, vocabulary_of: Path | None = None) -> Path:
    """Write the full-size model, 2.83 GB of zeros in a sparse file.

    Args:
        path: file to write.
        vocabulary_of: model file to take words from, so that prompts have as many tokens as real
            ones; None has a token for each byte, which makes them four times as long.
    """
    writer, vocabulary = _begin(path, FULL, 'synthetic-nemotron-h-full', vocabulary_of)
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE_FILE.read_text(encoding='utf-8'))
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q4_K_M)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    n_bytes = 0
    for tensor in _tensors(FULL, vocabulary):
        shape = list(tensor.shape)
        dtype: np.dtype = np.dtype(np.float32)
        if tensor.type is not Quantization.F32:
            block, block_bytes = gguf.GGML_QUANT_SIZES[tensor.type]
            shape[-1] = shape[-1] // block * block_bytes
            dtype = np.dtype(np.uint8)
        size = math.prod(shape) * dtype.itemsize
        raw_type = None if tensor.type is Quantization.F32 else tensor.type
        writer.add_tensor_info(tensor.name, shape, dtype, size, raw_dtype=raw_type)
        n_bytes += _aligned(size, writer.data_alignment)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    assert writer.fout is not None
    file = writer.fout[0]
    file.truncate(_aligned(file.tell(), writer.data_alignment) + n_bytes)
    writer.close()
    return path


def _begin(
    path: Path, shape: HybridShape, name: str, vocabulary_of: Path | None
) -> tuple[gguf.GGUFWriter, int]:
    """A writer with all metadata, and the size of the vocabulary."""
    writer = gguf.GGUFWriter(path, 'nemotron_h')
    writer.add_name(name)
    writer.add_context_length(1 << 20)
    writer.add_embedding_length(shape.embedding)
    writer.add_block_count(len(shape.layers))
    writer.add_feed_forward_length(
        [shape.feed_forward if kind == MLP else 0 for kind in shape.layers]
    )
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv([shape.kv_heads if k == ATTENTION else 0 for k in shape.layers])
    writer.add_key_length(shape.head_size)
    writer.add_value_length(shape.head_size)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_layer_norm_eps(1e-5)  # the loader of nemotron_h asks for both
    writer.add_ssm_conv_kernel(shape.ssm_conv)
    writer.add_ssm_inner_size(shape.ssm_inner)
    writer.add_ssm_state_size(shape.ssm_state)
    writer.add_ssm_time_step_rank(shape.ssm_heads)
    writer.add_ssm_group_count(shape.ssm_groups)
    writer.add_rope_dimension_count(shape.head_size)
    writer.add_rope_scaling_finetuned(False)
    return writer, add_vocabulary(writer, shape.vocabulary, vocabulary_of)


def _tensors(shape: HybridShape, vocabulary: int) -> Iterator[_Tensor]:
    """Every tensor in the order of the file."""
    yield _Tensor('token_embd.weight', (vocabulary, shape.embedding), quantised=True)
    yield _Tensor('output.weight', (vocabulary, shape.embedding), quantised=True, more_bits=True)
    yield _Tensor('output_norm.weight', (shape.embedding,))
    attention_layers = [i for i, kind in enumerate(shape.layers) if kind == ATTENTION]
    mlp_layers = [i for i, kind in enumerate(shape.layers) if kind == MLP]
    for index, kind in enumerate(shape.layers):
        block = f'blk.{index}.'
        yield _Tensor(f'{block}attn_norm.weight', (shape.embedding,))
        if kind == MAMBA:
            yield from _mamba_tensors(block, shape)
        elif kind == ATTENTION:
            place = attention_layers.index(index)
            yield from _attention_tensors(block, shape, place, len(attention_layers))
        else:
            # llama.cpp counts all layers of a hybrid here, not only those with an MLP.
            more_bits = _gets_more_bits(mlp_layers.index(index), len(shape.layers))
            up, down = (shape.feed_forward, shape.embedding), (shape.embedding, shape.feed_forward)
            yield _Tensor(f'{block}ffn_up.weight', up, quantised=True)
            yield _Tensor(f'{block}ffn_down.weight', down, quantised=True, more_bits=more_bits)


def _mamba_tensors(block: str, shape: HybridShape) -> Iterator[_Tensor]:
    inner, conv, heads = shape.ssm_inner, shape.ssm_conv_width, shape.ssm_heads
    yield _Tensor(f'{block}ssm_in.weight', (inner + conv + heads, shape.embedding), quantised=True)
    yield _Tensor(f'{block}ssm_conv1d.weight', (conv, shape.ssm_conv))
    yield _Tensor(f'{block}ssm_conv1d.bias', (conv,))
    yield _Tensor(f'{block}ssm_dt.bias', (heads,))
    yield _Tensor(f'{block}ssm_a', (heads, 1))
    yield _Tensor(f'{block}ssm_d', (heads, 1))
    yield _Tensor(f'{block}ssm_norm.weight', (shape.ssm_groups, inner // shape.ssm_groups))
    yield _Tensor(f'{block}ssm_out.weight', (shape.embedding, inner), quantised=True)


def _attention_tensors(
    block: str, shape: HybridShape, place: int, count: int
) -> Iterator[_Tensor]:
    queries, keys = shape.heads * shape.head_size, shape.kv_heads * shape.head_size
    more_bits = _gets_more_bits(place, count)
    yield _Tensor(f'{block}attn_q.weight', (queries, shape.embedding), quantised=True)
    yield _Tensor(f'{block}attn_k.weight', (keys, shape.embedding), quantised=True)
    yield _Tensor(f'{block}attn_v.weight', (keys, shape.embedding), True, more_bits)
    yield _Tensor(f'{block}attn_output.weight', (shape.embedding, queries), quantised=True)


def _gets_more_bits(index: int, count: int) -> bool:
    """Whether Q4_K_M writes the index-th of `count` tensors finer: both ends, and each third."""
    eighth = count // 8
    return index < eighth or index >= 7 * count // 8 or (index - eighth) % 3 == 2


def _random_weights(tensor: _Tensor, random: np.random.Generator) -> 'np.ndarray':
    weights = random.standard_normal(tensor.shape).astype(np.float32)
    if tensor.name != 'token_embd.weight':
        weights /= np.float32(math.sqrt(tensor.shape[-1]))
    if tensor.name.endswith(('norm.weight', 'ssm_d')):
        weights = np.ones(tensor.shape, np.float32)
    elif tensor.name.endswith('ssm_a'):
        weights = -np.abs(weights) - np.float32(0.05)  # a state that decays
    return weights


def _aligned(size: int, alignment: int) -> int:
    return -(-size // alignment) * alignment


def main() -> None:
    """Write a model from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('path', type=Path, help='file to write')
    parser.add_argument('--full', action='store_true', help='the full size instead of the tiny')
    parser.add_argument(
        '--vocabulary-of',
        type=Path,
        metavar='FILE',
        help='GGUF file to take words from; without it there is a token for each byte',
    )
    arguments = parser.parse_args()
    write = write_full_hybrid if arguments.full else write_tiny_hybrid
    print(write(arguments.path, vocabulary_of=arguments.vocabulary_of))


if __name__ == '__main__':
    main()
