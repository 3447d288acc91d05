from pathlib import Path

import pytest

from nemotron_agent.core import yaml_document
from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.yaml_document import YamlDocument


def error_of(text: str) -> str:
    with pytest.raises(DocumentError) as caught:
        YamlDocument(text, 'f.yaml')
    return str(caught.value)


def test_data_and_lines():
    document = YamlDocument('a:\n  - b: 1\n    c: [x, y]\n', 'f.yaml')
    assert document.data == {'a': [{'b': 1, 'c': ['x', 'y']}]}
    assert document.line(('a',)) == 1
    assert document.line(('a', 0, 'b')) == 2
    assert document.line(('a', 0, 'c', 1)) == 3


def test_a_key_that_is_not_there_has_the_line_of_what_is_around_it():
    document = YamlDocument('a:\n  b: 1\n', 'f.yaml')
    assert document.line(('a', 'missing')) == 1
    assert document.known_path(('a', '@tag', 'b')) == ('a', 'b')


def test_lines_count_from_where_the_text_begins():
    assert YamlDocument('a: 1\nb: 2\n', 'package.xml', first_line=30).line(('b',)) == 31


def test_empty():
    assert YamlDocument('# nothing\n', 'f.yaml').data is None


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('a: [1\nb: 2', 'f.yaml:2: this is not YAML'),
        ('a: 1\nb: 2\na: 3\n', 'f.yaml:3: the key "a" is given twice: remove one'),
        ('a: 1\nb: x\x07y\n', "f.yaml:2: the character '\\x07' is not allowed in YAML"),
        ('a: &x\n  b: *x\n', 'f.yaml:1: an alias contains itself: write it out'),
        ('a: !!python/object:os.system x', 'f.yaml:1: this is not YAML: could not determine'),
        ('a: 1\n--- \nb: 2', 'f.yaml:2: this is not YAML'),
        ('[' * 5000, 'f.yaml: this is not YAML'),
        ('{[1]: 2}', 'f.yaml:1: this is not YAML: found unhashable key'),
        ('a: 2026-13-41', 'f.yaml: this is not YAML: month must be in 1..12'),
    ],
)
def test_what_is_refused(text, expected):
    assert error_of(text).startswith(expected)


def test_aliases_that_multiply_are_refused():
    lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for i in range(1, 8):
        lines.append(f'a{i}: &a{i} [' + ', '.join([f'*a{i - 1}'] * 10) + ']')
    assert error_of('\n'.join(lines)) == (
        f'f.yaml: more than {yaml_document.MAX_NODES} values: split the file'
    )


def test_missing_file(tmp_path: Path):
    with pytest.raises(DocumentError, match='cannot be read .No such file.*: check the path'):
        YamlDocument.load(tmp_path / 'none.yaml')


def test_file_that_is_not_utf8(tmp_path: Path):
    file = tmp_path / 'f.yaml'
    file.write_bytes(b'a: \xff\n')
    with pytest.raises(DocumentError, match='byte 3 is not UTF-8: save the file as UTF-8'):
        YamlDocument.load(file)
