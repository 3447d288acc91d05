"""The sizes of a model that its memory depends on."""

import collections
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic

from nemotron_agent.core.errors import ModelFileError
from nemotron_agent.llm.gguf_header import GgufHeader, TensorHeader

Count = Annotated[int, pydantic.Field(ge=0)]
Size = Annotated[int, pydantic.Field(gt=0)]
_BLOCK = re.compile(r'blk\.(\d+)\.(.+)')


class _Checked(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra='forbid')


class RecurrentShape(_Checked):
    """Sizes of the Mamba layers of a hybrid.

    Attributes:
        layers: how many there are.
        inner: width of a layer.
        state: numbers kept for each channel.
        groups: groups that share B and C.
        conv: taps of the convolution.
        heads: heads of a layer.
    """

    layers: Size
    inner: Size
    state: Size
    groups: Size
    conv: Size
    heads: Size

    @property
    def conv_width(self) -> int:
        """Channels of the convolution."""
        return self.inner + 2 * self.groups * self.state


class WeightGroup(_Checked):
    """Tensors that are treated alike.

    Attributes:
        role: token embedding, output matrix, or inside a layer.
        type: how they are quantised.
        rows_divisible_by: for matrices 8, 4 or 1; 0 for what is no matrix.
        bytes: their size together.
    """

    role: Literal['input', 'layer', 'output']
    type: str
    rows_divisible_by: Literal[0, 1, 4, 8] = 0
    bytes: Size


class ModelShape(_Checked):
    """Sizes of a plain transformer, or of a hybrid with Mamba layers.

    Attributes:
        architecture: GGUF's name of it.
        context_length: tokens it was made for.
        layers: layers of all kinds.
        embedding: width of the residual stream.
        feed_forward: width of the widest feed-forward layer.
        gated: whether a feed-forward layer has a gate.
        heads: query heads of an attention layer.
        kv_heads: key and value heads of each attention layer.
        key_length, value_length: size of a head.
        vocabulary: tokens there are.
        recurrent: the Mamba layers, if there are any.
        weights: all tensors.
    """

    architecture: str
    context_length: Size
    layers: Size
    embedding: Size
    feed_forward: Count
    gated: bool
    heads: Count
    kv_heads: tuple[Count, ...]
    key_length: Count
    value_length: Count
    vocabulary: Size
    recurrent: RecurrentShape | None = None
    weights: tuple[WeightGroup, ...]

    @property
    def weight_bytes(self) -> int:
        """Size of all weights in the file."""
        return sum(group.bytes for group in self.weights)

    @property
    def ties_output(self) -> bool:
        """Whether the token embedding is the output matrix as well."""
        return not any(group.role == 'output' for group in self.weights)


def read_model_shape(path: Path) -> ModelShape:
    """Take the shape from the header of a GGUF file.

    Raises:
        ModelFileError: the header cannot be read, or lacks a size.
    """
    header = GgufHeader.read(path)
    try:
        return _shape(header)
    except KeyError as error:
        raise ModelFileError(
            f'the header of the model file {path} lacks {error.args[0]}: take another file'
        ) from error
    except (IndexError, TypeError) as error:
        raise ModelFileError(
            f'the header of the model file {path} contradicts itself: {error}; take another file'
        ) from error
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = '.'.join(map(str, problem['loc']))
        raise ModelFileError(
            f'the header of the model file {path} has a bad {key}: {problem["msg"]}'
        ) from error


def _shape(header: GgufHeader) -> ModelShape:
    metadata = header.metadata
    architecture = metadata['general.architecture']
    parts = _parts_of_layers(header.tensors)

    def get(key: str, default: Any = None) -> Any:
        value = metadata.get(f'{architecture}.{key}', default)
        if value is None:
            raise KeyError(f'{architecture}.{key}')
        return value

    layers, embedding = get('block_count'), get('embedding_length')
    heads = _greatest(get('attention.head_count', 0))
    kv_heads = get('attention.head_count_kv', heads)
    attention = [i for i in sorted(parts) if parts[i] & {'attn_k.weight', 'attn_qkv.weight'}]
    head_size = embedding // heads if heads else 0
    recurrent = sum('ssm_conv1d.weight' in names for names in parts.values())
    return ModelShape(
        architecture=architecture,
        context_length=get('context_length'),
        layers=layers,
        embedding=embedding,
        feed_forward=_greatest(get('feed_forward_length', 0)),
        gated=any('ffn_gate.weight' in names for names in parts.values()),
        heads=heads,
        kv_heads=tuple(kv_heads if isinstance(kv_heads, int) else kv_heads[i] for i in attention),
        key_length=get('attention.key_length', head_size),
        value_length=get('attention.value_length', head_size),
        vocabulary=metadata.get('tokenizer.ggml.tokens') or get('vocab_size'),
        recurrent=RecurrentShape(
            layers=recurrent,
            inner=get('ssm.inner_size'),
            state=get('ssm.state_size'),
            groups=get('ssm.group_count', 1),
            conv=get('ssm.conv_kernel'),
            heads=get('ssm.time_step_rank'),
        )
        if recurrent
        else None,
        weights=tuple(_groups(header.tensors)),
    )


def _parts_of_layers(tensors: Iterable[TensorHeader]) -> dict[int, set[str]]:
    """Names of the tensors of each layer, without `blk.N.`."""
    parts: dict[int, set[str]] = collections.defaultdict(set)
    for tensor in tensors:
        if match := _BLOCK.fullmatch(tensor.name):
            parts[int(match[1])].add(match[2])
    return parts


def _groups(tensors: Iterable[TensorHeader]) -> Iterable[WeightGroup]:
    sizes: dict[tuple[str, str, int], int] = collections.defaultdict(int)
    for tensor in tensors:
        sizes[_role(tensor.name), tensor.type, _rows_divisible_by(tensor)] += tensor.n_bytes
    for (role, kind, rows), n_bytes in sorted(sizes.items()):
        yield WeightGroup.model_validate(
            {'role': role, 'type': kind, 'rows_divisible_by': rows, 'bytes': n_bytes}
        )


def _role(name: str) -> str:
    if name == 'token_embd.weight':
        return 'input'
    return 'output' if name.startswith('output.') else 'layer'


def _rows_divisible_by(tensor: TensorHeader) -> int:
    if len(tensor.shape) != 2 or tensor.shape[1] == 1:
        return 0
    return next(n for n in (8, 4, 1) if tensor.shape[1] % n == 0)


def _greatest(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else max(value, default=0)
