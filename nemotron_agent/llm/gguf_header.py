"""What a GGUF file says of itself before its weights.

The layout is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md. Types and sizes of
blocks come from the `gguf` library; its reader is not used, because it makes objects of every word
of the vocabulary: 0.5 GB and several seconds for 150,000 tokens.
"""

import dataclasses
import math
import mmap
import struct
from pathlib import Path
from typing import Any

import gguf

from nemotron_agent.core.errors import ModelFileError

_MAGIC = b'GGUF'
_VERSIONS = (2, 3)
_MOST_ENTRIES = 1 << 24
_MOST_DIMENSIONS = 4  # GGML_MAX_DIMS
_SCALARS = {
    gguf.GGUFValueType.UINT8: 'B',
    gguf.GGUFValueType.INT8: 'b',
    gguf.GGUFValueType.UINT16: 'H',
    gguf.GGUFValueType.INT16: 'h',
    gguf.GGUFValueType.UINT32: 'I',
    gguf.GGUFValueType.INT32: 'i',
    gguf.GGUFValueType.FLOAT32: 'f',
    gguf.GGUFValueType.BOOL: '?',
    gguf.GGUFValueType.UINT64: 'Q',
    gguf.GGUFValueType.INT64: 'q',
    gguf.GGUFValueType.FLOAT64: 'd',
}


@dataclasses.dataclass(frozen=True)
class TensorHeader:
    """A tensor as the header lists it.

    Attributes:
        shape: elements of a row first, as ggml counts.
        type: ggml's name of how it is quantised, such as Q4_K.
    """

    name: str
    shape: tuple[int, ...]
    type: str

    @property
    def n_bytes(self) -> int:
        """Size of its weights."""
        block, block_bytes = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[self.type]]
        return int(math.prod(self.shape) // block * block_bytes)


@dataclasses.dataclass(frozen=True)
class GgufHeader:
    """A header.

    Attributes:
        metadata: values by key; of a list of texts only how many there are.
        tensors: in the order of the file.
    """

    metadata: dict[str, Any]
    tensors: tuple[TensorHeader, ...]

    @classmethod
    def read(cls, path: Path) -> 'GgufHeader':
        """Read the header of a file, none of its weights.

        Raises:
            ModelFileError: missing, not a GGUF, of a version unknown here, or cut off.
        """
        try:
            with path.open('rb') as file:
                start = file.read(len(_MAGIC))
                if start != _MAGIC:
                    raise ModelFileError(
                        f'{path} is not a GGUF model file: it begins with {start!r}'
                    )
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                    return _read(_Cursor(data, len(_MAGIC)))
        except OSError as error:
            raise ModelFileError(
                f'cannot read the model file {path}: {error.strerror or error}'
            ) from error
        except (ValueError, KeyError, struct.error, RecursionError) as error:
            raise ModelFileError(
                f'the header of the model file {path} cannot be used: {error}; '
                'get the file anew, or take another'
            ) from error


class _Cursor:
    """Reads one value after the other."""

    def __init__(self, data: mmap.mmap, position: int) -> None:
        self._data = data
        self._position = position

    def scalar(self, code: str) -> Any:
        layout = struct.Struct(f'<{code}')
        (value,) = layout.unpack_from(self._data, self._position)
        self._position += layout.size
        return value

    def count(self) -> int:
        """A number of things that follow."""
        value = int(self.scalar('Q'))
        if value > _MOST_ENTRIES:
            raise ValueError(f'it announces {value} entries where there is no room for them')
        return value

    def text(self) -> str:
        start = self._skip(self.count())
        return self._data[start : self._position].decode('utf-8', 'replace')

    def value(self, kind: int) -> Any:
        kind = gguf.GGUFValueType(kind)
        if kind == gguf.GGUFValueType.STRING:
            return self.text()
        if kind != gguf.GGUFValueType.ARRAY:
            return self.scalar(_SCALARS[kind])
        inner, count = gguf.GGUFValueType(self.scalar('I')), self.count()
        if inner == gguf.GGUFValueType.STRING:
            for _ in range(count):
                self._skip(self.count())
            return count
        if inner == gguf.GGUFValueType.ARRAY:
            return tuple(self.value(inner) for _ in range(count))
        layout = struct.Struct(f'<{count}{_SCALARS[inner]}')
        start = self._skip(layout.size)
        return layout.unpack_from(self._data, start)

    def _skip(self, n_bytes: int) -> int:
        """Go on by so many bytes; return where they begin."""
        start = self._position
        self._position += n_bytes
        if self._position > len(self._data):
            raise ValueError(f'it is cut off after {len(self._data)} bytes')
        return start


def _read(cursor: _Cursor) -> GgufHeader:
    version = cursor.scalar('I')
    if version not in _VERSIONS:
        raise ValueError(f'it is of GGUF version {version}, and 2 and 3 are known')
    n_tensors, n_keys = cursor.count(), cursor.count()
    metadata = {}
    for _ in range(n_keys):
        key = cursor.text()
        metadata[key] = cursor.value(cursor.scalar('I'))
    return GgufHeader(metadata, tuple(_tensor(cursor) for _ in range(n_tensors)))


def _tensor(cursor: _Cursor) -> TensorHeader:
    name = cursor.text()
    n_dimensions = cursor.scalar('I')
    if n_dimensions > _MOST_DIMENSIONS:
        raise ValueError(f'it has a tensor of {n_dimensions} dimensions')
    shape = tuple(cursor.scalar('Q') for _ in range(n_dimensions))
    kind = gguf.GGMLQuantizationType(cursor.scalar('I')).name
    cursor.scalar('Q')
    return TensorHeader(name, shape, kind)
