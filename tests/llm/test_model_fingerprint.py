import pytest

from nemotron_agent.llm.model_fingerprint import model_fingerprint

SIZE = 3 << 20


@pytest.fixture
def file(tmp_path):
    path = tmp_path / 'model.gguf'
    path.write_bytes(bytes(range(256)) * (SIZE // 256))
    return path


def test_the_same_content_has_the_same_fingerprint_wherever_it_lies(file, tmp_path):
    other = tmp_path / 'copy.gguf'
    other.write_bytes(file.read_bytes())
    assert model_fingerprint(other) == model_fingerprint(file)


@pytest.mark.parametrize('position', [0, (1 << 20) - 1, SIZE // 2, SIZE - 1])
def test_another_byte_gives_another_one(file, position):
    before = model_fingerprint(file)
    content = bytearray(file.read_bytes())
    content[position] ^= 1
    file.write_bytes(content)
    assert model_fingerprint(file) != before


def test_another_length_gives_another_one(file):
    before = model_fingerprint(file)
    file.write_bytes(file.read_bytes()[:-1])
    assert model_fingerprint(file) != before


def test_a_small_file_has_one_too(tmp_path):
    path = tmp_path / 'small'
    path.write_bytes(b'GGUF')
    assert len(model_fingerprint(path)) == 64
