from pathlib import Path

import pytest

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.llm.engine_parameters import EngineParameters


@pytest.mark.parametrize(
    ('name', 'value', 'message'),
    [
        ('n_ctx', 100, 'parameter n_ctx is 100: it goes from 256 to 1048576'),
        ('n_batch', 1, 'parameter n_batch is 1: it goes from 16 to 8192'),
        ('n_ubatch', 1024, 'parameter n_ubatch is 1024: it goes from 0 to 512'),
        ('n_gpu_layers', -2, 'parameter n_gpu_layers is -2: it goes from -1 to 1000'),
        ('n_threads', -1, 'parameter n_threads is -1: it goes from 0 to 256'),
        ('temperature', 3.0, 'parameter temperature is 3.0: it goes from 0.0 to 2.0'),
        ('top_p', 1.5, 'parameter top_p is 1.5: it goes from 0.0 to 1.0'),
        ('seed', -1, 'parameter seed is -1: it goes from 0 to 2147483647'),
        ('max_reply_tokens', 0, 'parameter max_reply_tokens is 0: it goes from 1 to 32768'),
        ('max_thinking_tokens', -1, 'parameter max_thinking_tokens is -1: it goes from 0'),
        ('kv_type', 'f8', 'parameter kv_type is "f8": choose one of f16, q8_0, q4_0'),
        ('flash_attention', 'yes', 'parameter flash_attention is "yes": choose one of auto'),
        ('reply_protocol', 'chat', 'parameter reply_protocol is "chat": choose one of auto'),
        ('tool_format', 'xml', 'parameter tool_format is "xml": choose one of auto, hermes'),
    ],
)
def test_out_of_range_names_the_parameter(name, value, message):
    with pytest.raises(ConfigurationError) as caught:
        EngineParameters(model_path=Path('model.gguf'), **{name: value})
    assert message in str(caught.value)


def test_a_quantised_cache_needs_flash_attention():
    with pytest.raises(ConfigurationError, match='needs flash attention'):
        EngineParameters(Path('model.gguf'), kv_type='q8_0', flash_attention='off')


def test_slices_are_bounded_unless_asked_otherwise():
    assert EngineParameters(Path('m'), n_batch=2048).slice_tokens == 512
    assert EngineParameters(Path('m'), n_batch=64).slice_tokens == 64
    assert EngineParameters(Path('m'), n_batch=2048, n_ubatch=1024).slice_tokens == 1024


def test_threads_are_at_least_one():
    assert EngineParameters(Path('m')).threads >= 1
    assert EngineParameters(Path('m'), n_threads=3).threads == 3
