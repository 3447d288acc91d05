import subprocess
import sys
import zipfile

import pytest

from nemotron_agent.core.errors import ModelDownloadError
from nemotron_agent.llm.model_download import pull
from nemotron_agent.llm.model_entry import PypiWheels
from nemotron_agent.llm.model_sources.pypi_wheels import PypiWheelsSource
from nemotron_agent.testing.model_wheels import write_part_wheels, write_wheel
from nemotron_agent.testing.tiny_model import CONTENT, WHEELS, make_entry

ONE_WHEEL = {'package': 'tiny', 'version': '1.0', 'entry': '*.gguf'}


def entry_and_source(keys, **changes):
    return make_entry(pypi_wheels=keys, **changes), PypiWheelsSource(PypiWheels(**keys))


def names_in(folder):
    return {path.name for path in folder.path.iterdir() if not path.name.endswith('.lock')}


def test_parts_are_joined_in_the_order_of_their_numbers(index, folder, progress):
    write_part_wheels(index, 'tiny-part', CONTENT, 11)
    entry, source = entry_and_source(WHEELS)

    path = pull(entry, folder, [source], progress)

    assert path.read_bytes() == CONTENT
    assert folder.was_verified(entry)
    assert names_in(folder) == {'tiny.gguf', 'tiny.gguf.verified'}
    assert progress.steps[-1] == ('joining', len(CONTENT), len(CONTENT))


def test_a_wheel_with_code_is_only_read(index, folder, progress):
    code = b'raise SystemExit("imported")'
    write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT, '__init__.py': code})
    entry, source = entry_and_source(ONE_WHEEL)

    assert pull(entry, folder, [source], progress).read_bytes() == CONTENT


def test_parts_that_came_are_kept_and_not_fetched_again(index, folder, progress):
    keys = {**WHEELS, 'parts': 3}
    write_part_wheels(index, 'tiny-part', CONTENT, 3)
    third = index / 'tiny_part3-1.0-py3-none-any.whl'
    third.rename(index / 'away')
    entry, source = entry_and_source(keys)
    with pytest.raises(
        ModelDownloadError, match='PyPI: tiny-part3==1.0: No matching distribution'
    ):
        pull(entry, folder, [source], progress)
    kept = {path.name for path in folder.parts(entry).iterdir()}
    assert kept == {'tiny-part1==1.0.whl', 'tiny-part2==1.0.whl'}
    assert folder.partial_bytes(entry) > 0

    (index / 'away').rename(third)
    for name in ('tiny_part1', 'tiny_part2'):
        (index / f'{name}-1.0-py3-none-any.whl').unlink()

    assert pull(entry, folder, [source], progress).read_bytes() == CONTENT


def test_a_kept_part_that_is_damaged_is_fetched_again(index, folder, progress):
    write_part_wheels(index, 'tiny-part', CONTENT, 3)
    entry, source = entry_and_source({**WHEELS, 'parts': 3})
    folder.parts(entry).mkdir(parents=True)
    whole = (index / 'tiny_part2-1.0-py3-none-any.whl').read_bytes()
    (folder.parts(entry) / 'tiny-part2==1.0.whl').write_bytes(whole[: len(whole) // 2])

    assert pull(entry, folder, [source], progress).read_bytes() == CONTENT
    assert 'tiny-part2==1.0.whl is damaged: fetching it again' in progress.notes


def test_what_a_killed_pull_left_is_cleared_away(index, folder, progress):
    write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT})
    entry, source = entry_and_source(ONE_WHEEL)
    (folder.parts(entry) / 'pip-dead').mkdir(parents=True)
    folder.partial(entry).write_bytes(CONTENT[:77])

    pull(entry, folder, [source], progress)

    assert names_in(folder) == {'tiny.gguf', 'tiny.gguf.verified'}


def test_a_wheel_whose_data_is_damaged(index, folder, progress):
    wheel = write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT})
    wheel.write_bytes(wheel.read_bytes().replace(CONTENT[:50], b'X' * 50, 1))
    entry, source = entry_and_source(ONE_WHEEL)

    with pytest.raises(ModelDownloadError, match='tiny==1.0.whl is not a sound wheel .*CRC'):
        pull(entry, folder, [source], progress)
    assert not folder.partial(entry).exists()


@pytest.mark.parametrize('entries', [{}, {'a.gguf': b'1', 'b.gguf': b'2'}])
def test_a_wheel_without_just_one_data_entry(index, folder, progress, entries):
    write_wheel(index, 'tiny', '1.0', entries)
    entry, source = entry_and_source(ONE_WHEEL)

    problem = rf'tiny==1.0.whl holds {len(entries)} files \*.gguf and should hold one'
    with pytest.raises(ModelDownloadError, match=problem):
        pull(entry, folder, [source], progress)
    assert not folder.partial(entry).exists()


def test_wheels_that_hold_too_much(index, folder, progress):
    write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT + b'!'})
    entry, source = entry_and_source(ONE_WHEEL)

    with pytest.raises(ModelDownloadError, match='the wheels hold more than 204804 bytes'):
        pull(entry, folder, [source], progress)
    assert not folder.partial(entry).exists()


@pytest.mark.parametrize('content', [b'X' + CONTENT[1:], CONTENT[:-1]])
def test_wheels_with_another_file_leave_nothing(index, folder, progress, content):
    write_wheel(index, 'tiny', '1.0', {'tiny.gguf': content})
    entry, source = entry_and_source(ONE_WHEEL)

    with pytest.raises(ModelDownloadError, match='what came is not the file'):
        pull(entry, folder, [source], progress)
    assert names_in(folder) == set()


def test_a_source_distribution_is_not_built(index, folder, progress):
    (index / 'tiny-1.0.tar.gz').write_bytes(b'')
    entry, source = entry_and_source(ONE_WHEEL)

    with pytest.raises(ModelDownloadError, match='tiny==1.0: No matching distribution'):
        pull(entry, folder, [source], progress)


def test_an_index_that_does_not_answer(index, folder, progress, monkeypatch):
    monkeypatch.delenv('PIP_NO_INDEX')
    monkeypatch.setenv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple')
    entry, source = entry_and_source(ONE_WHEEL)

    with pytest.raises(ModelDownloadError, match='the package index does not answer'):
        pull(entry, folder, [source], progress)


def test_a_python_without_pip(index, folder, progress, tmp_path):
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', tmp_path / 'v'], check=True)
    python = str(tmp_path / 'v' / 'bin' / 'python')
    source = PypiWheelsSource(PypiWheels(**ONE_WHEEL), python)

    with pytest.raises(ModelDownloadError, match=f'{python} has no pip .*python3-pip'):
        pull(make_entry(pypi_wheels=ONE_WHEEL), folder, [source], progress)


def test_a_wheel_as_the_index_gives_it(index):
    """The tests' wheels are sound, so that what fails above fails for its own reason."""
    with zipfile.ZipFile(write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT})) as wheel:
        assert wheel.testzip() is None
