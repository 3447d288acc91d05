import gguf
import pytest

from nemotron_agent.llm.llama_context import LlamaModel
from nemotron_agent.testing.synthetic_model import (
    TEMPLATE_FILE,
    main,
    write_full_hybrid,
    write_tiny_hybrid,
)


def test_the_tiny_model_is_the_same_for_the_same_seed(tmp_path):
    first, second, other = (
        write_tiny_hybrid(tmp_path / f'{name}.gguf', seed).read_bytes()
        for name, seed in (('a', 1), ('b', 1), ('c', 2))
    )
    assert first == second
    assert first != other


def test_the_tiny_model_brings_template_and_special_tokens(tiny_hybrid_path):
    model = LlamaModel(tiny_hybrid_path, vocabulary_only=True)
    assert model.chat_template == TEMPLATE_FILE.read_text()
    vocabulary = model.vocabulary
    assert vocabulary.single_token('<tool_call>') == 14
    assert vocabulary.single_token('the') is None
    assert {vocabulary.text(token) for token in vocabulary.end_tokens} == {'</s>', '<|im_end|>'}
    model.close()


def test_a_model_may_take_its_words_from_another(tmp_path, smollm2_path):
    path = write_tiny_hybrid(tmp_path / 'words.gguf', vocabulary_of=smollm2_path)
    ours, theirs = (LlamaModel(file, vocabulary_only=True) for file in (path, smollm2_path))
    text = 'Go to the kitchen, then turn right by 45 degrees. Größe: 1.5 m'
    vocabulary = ours.vocabulary
    tokens = vocabulary.tokenize(text)
    assert vocabulary.detokenize(tokens) == text
    assert [vocabulary.text(token) for token in tokens] == [
        theirs.vocabulary.text(token) for token in theirs.vocabulary.tokenize(text)
    ]
    assert vocabulary.single_token('<tool_call>') == 14
    ours.close()
    theirs.close()


def test_the_command_line_takes_another_vocabulary(tmp_path, smollm2_path, monkeypatch, capsys):
    path = tmp_path / 'words.gguf'
    arguments = ['synthetic_model', str(path), '--vocabulary-of', str(smollm2_path)]
    monkeypatch.setattr('sys.argv', arguments)
    main()
    assert capsys.readouterr().out == f'{path}\n'
    assert path.stat().st_size > 10e6


@pytest.mark.slow
def test_the_full_model_has_the_real_shapes_on_little_disk(tmp_path):
    path = write_full_hybrid(tmp_path / 'full.gguf')
    stat = path.stat()
    assert stat.st_size > 2.8e9
    assert stat.st_blocks * 512 < 100e6
    tensors = gguf.GGUFReader(path).tensors
    assert len(tensors) == 263
    assert sum(int(tensor.n_elements) for tensor in tensors) == 3973556832
