import gguf
import numpy as np
import pytest

from nemotron_agent.core.errors import ConfigurationError, ModelFileError
from nemotron_agent.llm.known_shape import find_model_shape
from nemotron_agent.llm.model_catalog import ModelCatalog
from nemotron_agent.llm.model_folder import ModelFolder
from nemotron_agent.llm.model_shape import read_model_shape
from nemotron_agent.testing.synthetic_model import write_full_hybrid
from nemotron_agent.testing.tiny_model import make_entry


def write_header(path, layer=0, **metadata):
    """A file that says what a llama model must, or something else, and has one tensor."""
    values = {
        'block_count': 1,
        'context_length': 512,
        'embedding_length': 64,
        'vocab_size': 32,
        **metadata,
    }
    writer = gguf.GGUFWriter(path, 'llama')
    for key, value in values.items():
        add = {str: writer.add_string, list: writer.add_array}.get(type(value), writer.add_uint32)
        if value is not None:
            add(f'llama.{key}', value)
    name = f'blk.{layer}.attn_k.weight'
    writer.add_tensor_info(name, (64, 64), np.dtype('float32'), 4 * 64 * 64)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    return path


def test_the_catalogues_shape_of_nemotron_is_that_of_a_file_of_its_sizes(tmp_path):
    path = write_full_hybrid(tmp_path / 'full.gguf')
    assert ModelCatalog.default().entry('nemotron-3-nano-4b').shape == read_model_shape(path)


@pytest.mark.model
def test_the_catalogues_shape_of_smollm2_is_its_files(smollm2_path):
    assert ModelCatalog.default().entry('smollm2-135m').shape == read_model_shape(smollm2_path)


@pytest.mark.model
def test_the_catalogues_shape_of_qwen_is_its_files(qwen_path):
    assert ModelCatalog.default().entry('qwen2.5-coder-1.5b').shape == read_model_shape(qwen_path)


def test_kv_heads_are_those_of_attention_layers(tiny_hybrid_path):
    shape = read_model_shape(tiny_hybrid_path)
    assert shape.layers == 7
    assert shape.kv_heads == (2,)
    assert shape.recurrent.layers == 3
    assert not shape.ties_output


def test_a_model_without_an_output_matrix_uses_the_embedding(tmp_path):
    shape = read_model_shape(write_header(tmp_path / 'a.gguf'))
    assert shape.ties_output
    assert shape.weight_bytes == 4 * 64 * 64
    assert shape.weights[0].rows_divisible_by == 8


@pytest.mark.parametrize(
    ('key', 'value', 'told'),
    [
        ('context_length', None, 'lacks llama.context_length'),
        ('vocab_size', None, 'lacks llama.vocab_size'),
        ('embedding_length', 0, 'has a bad embedding'),
        ('attention.head_count', 'many', 'contradicts itself: unsupported operand'),
    ],
)
def test_a_header_that_says_too_little(tmp_path, key, value, told):
    path = write_header(tmp_path / 'a.gguf', **{key: value})
    with pytest.raises(ModelFileError, match=told):
        read_model_shape(path)


def test_a_layer_without_its_number_of_heads(tmp_path):
    path = write_header(tmp_path / 'a.gguf', layer=1, **{'attention.head_count_kv': [1]})
    with pytest.raises(ModelFileError, match='contradicts itself: tuple index out of range'):
        read_model_shape(path)


def test_layers_without_tensors_cost_nothing(tmp_path):
    path = write_header(tmp_path / 'a.gguf', block_count=(1 << 32) - 1)
    assert len(read_model_shape(path).kv_heads) == 1


def test_a_model_of_the_catalogue_needs_no_file(tmp_path):
    shape = find_model_shape('nemotron-3-nano-4b', folder=ModelFolder(tmp_path))
    assert shape.recurrent.layers == 21


def test_a_file_by_its_path(tiny_hybrid_path):
    assert find_model_shape(str(tiny_hybrid_path)) == read_model_shape(tiny_hybrid_path)


def test_a_model_that_is_not_here_and_has_no_shape(tmp_path):
    catalog = ModelCatalog({'tiny': make_entry()})
    with pytest.raises(ModelFileError, match='nemotron-agent model pull tiny'):
        find_model_shape('tiny', catalog, ModelFolder(tmp_path))


def test_a_model_that_nobody_knows():
    with pytest.raises(ConfigurationError, match='there is no model'):
        find_model_shape('nobody')
