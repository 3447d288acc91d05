import struct

import gguf
import pytest

from nemotron_agent.core.errors import ModelFileError
from nemotron_agent.llm.gguf_header import GgufHeader


def header_of(*words):
    """A file's beginning: numbers are 64 bits, texts have their length before them."""
    data = b'GGUF'
    for word in words:
        if isinstance(word, str):
            data += struct.pack('<Q', len(word)) + word.encode()
        elif isinstance(word, bytes):
            data += word
        else:
            data += struct.pack('<Q', word)
    return data


def int32(*numbers):
    return struct.pack(f'<{len(numbers)}I', *numbers)


def test_it_lists_what_the_gguf_library_does(tiny_hybrid_path):
    header = GgufHeader.read(tiny_hybrid_path)
    reader = gguf.GGUFReader(tiny_hybrid_path)
    assert [(t.name, t.shape, t.type, t.n_bytes) for t in header.tensors] == [
        (t.name, tuple(t.shape.tolist()), t.tensor_type.name, t.n_bytes) for t in reader.tensors
    ]
    fields = {k: f.contents() for k, f in reader.fields.items() if not k.startswith('GGUF.')}
    for key, value in fields.items():
        if isinstance(value, list):
            texts = value and isinstance(value[0], str)
            value = len(value) if texts else tuple(value)
        assert header.metadata[key] == pytest.approx(value), key


@pytest.mark.parametrize(
    ('content', 'told'),
    [
        (b'ZIPP' + bytes(40), 'is not a GGUF model file: it begins with'),
        (b'', 'is not a GGUF model file'),
        (header_of(int32(1), 0, 0), 'it is of GGUF version 1'),
        (header_of(int32(3), 1 << 60, 0), 'it announces 1152921504606846976 entries'),
        (header_of(int32(3), 0, 1, 'key'), 'the header of the model file'),
        (header_of(int32(3), 0, 1, 'general.name', int32(8), 99, b'abc'), 'it is cut off after'),
        (header_of(int32(3), 0, 1, 'key', int32(77), 0), 'the header of the model file'),
        (header_of(int32(3), 0, 1, 'key', int32(9), *(int32(9), 1) * 2000), 'maximum recursion'),
        (header_of(int32(3), 1, 0, 'blk', int32(1), 8, int32(999), 0), 'the header of the model'),
        (header_of(int32(3), 1, 0, 'blk', int32(1 << 30)), 'a tensor of 1073741824 dimensions'),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path, content, told):
    path = tmp_path / 'bad.gguf'
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=told) as caught:
        GgufHeader.read(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ModelFileError, match='cannot read the model file .*: No such file'):
        GgufHeader.read(tmp_path / 'none.gguf')
