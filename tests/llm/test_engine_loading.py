"""What an engine says of files and parameters it cannot use."""

import pytest

from nemotron_agent.core.errors import ChatTemplateError, EvaluationError, ModelFileError
from nemotron_agent.testing.synthetic_model import write_tiny_hybrid

from .engine_talk import make_engine


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(ModelFileError, match='cannot read the model file .*no such file|No such'):
        make_engine(tmp_path / 'no.gguf')


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(ModelFileError, match='cannot read the model file'):
        make_engine(tmp_path)


def test_a_file_of_another_kind_is_an_error(tmp_path):
    path = tmp_path / 'text.gguf'
    path.write_text('hello')
    with pytest.raises(ModelFileError, match="is not a GGUF model file: it begins with b'hell'"):
        make_engine(path)


@pytest.mark.parametrize('share', [0.002, 0.02, 0.5, 0.999])
def test_a_truncated_file_is_an_error_that_says_why(tmp_path, tiny_hybrid_path, share):
    data = tiny_hybrid_path.read_bytes()
    path = tmp_path / 'short.gguf'
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelFileError, match='llama.cpp cannot load .*short.gguf: .+') as caught:
        make_engine(path)
    assert 'does not say why' not in str(caught.value)


def test_a_file_that_is_only_a_header_is_an_error(tmp_path):
    path = tmp_path / 'bad.gguf'
    path.write_bytes(b'GGUF' + bytes(100))
    with pytest.raises(ModelFileError, match='llama.cpp cannot load'):
        make_engine(path)


@pytest.mark.parametrize(
    ('template', 'message'),
    [
        ('', 'holds no chat template'),
        ('{% for %}', 'is not valid jinja'),
        ('{{ messages }}', 'no tool format knows the model.s chat template: set the parameter'),
    ],
)
def test_a_template_that_cannot_be_used_is_an_error(tmp_path, template, message):
    path = write_tiny_hybrid(tmp_path / 'model.gguf', chat_template=template)
    with pytest.raises(ChatTemplateError, match=message):
        make_engine(path)


def test_a_context_the_model_cannot_have_is_an_error_that_says_why(tiny_hybrid_path):
    with pytest.raises(EvaluationError, match='cannot make a context of 512 tokens: .*q8_0'):
        make_engine(tiny_hybrid_path, n_ctx=512, kv_type='q8_0')


def test_a_path_of_any_bytes_is_taken(tmp_path):
    path = write_tiny_hybrid(tmp_path / 'mod\udcffell ü.gguf')
    make_engine(path, n_ctx=512).close()


def test_loading_is_quiet(capfd, tiny_hybrid_path):
    make_engine(tiny_hybrid_path, n_ctx=512).close()
    assert capfd.readouterr() == ('', '')
