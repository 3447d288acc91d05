import os
import threading
from pathlib import Path

import pytest

from nemotron_agent.core.errors import ModelDownloadError, ModelFileError
from nemotron_agent.llm.model_folder import (
    FOLDER_VARIABLE,
    FileState,
    ModelFolder,
    default_folder,
)
from nemotron_agent.testing.tiny_model import CONTENT, make_entry

ENTRY = make_entry()


@pytest.fixture
def file(folder):
    folder.path.mkdir()
    path = folder.file(ENTRY)
    path.write_bytes(CONTENT)
    return path


def test_where_models_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv('HOME', '/home/robot')
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    monkeypatch.delenv('NEMOTRON_AGENT_CACHE', raising=False)
    monkeypatch.delenv('XDG_CACHE_HOME', raising=False)
    assert default_folder() == Path('/home/robot/.cache/nemotron_agent/models')

    monkeypatch.setenv('XDG_CACHE_HOME', 'relative')
    assert default_folder() == Path('/home/robot/.cache/nemotron_agent/models')

    monkeypatch.setenv('XDG_CACHE_HOME', '/var/cache')
    assert default_folder() == Path('/var/cache/nemotron_agent/models')

    monkeypatch.setenv('NEMOTRON_AGENT_CACHE', '/data/cache')
    assert default_folder() == Path('/data/cache/models')

    monkeypatch.setenv(FOLDER_VARIABLE, '~/models')
    assert default_folder() == Path('/home/robot/models')


def test_states(folder):
    assert folder.state(ENTRY) is FileState.ABSENT

    folder.path.mkdir()
    folder.partial(ENTRY).write_bytes(CONTENT[:100])
    assert folder.state(ENTRY) is FileState.PARTIAL
    assert folder.partial_bytes(ENTRY) == 100

    folder.parts(ENTRY).mkdir()
    (folder.parts(ENTRY) / 'a.whl').write_bytes(b'x' * 150)
    assert folder.partial_bytes(ENTRY) == 150

    folder.file(ENTRY).write_bytes(CONTENT[:-1])
    assert folder.state(ENTRY) is FileState.WRONG

    folder.file(ENTRY).write_bytes(CONTENT)
    assert folder.state(ENTRY) is FileState.PRESENT


def test_a_right_file_is_read_once(folder, file, progress):
    assert folder.checked_file(ENTRY, progress) == file
    assert progress.steps[-1] == ('checking', len(CONTENT), len(CONTENT))

    progress.steps.clear()
    assert folder.checked_file(ENTRY, progress) == file
    assert progress.steps == []


def test_a_file_that_changed_is_read_again(folder, file, progress):
    folder.checked_file(ENTRY, progress)
    file.write_bytes(b'X' + CONTENT[1:])
    os.utime(file, (1, 1))

    with pytest.raises(ModelFileError, match='is not the model tiny: its sha256 is'):
        folder.checked_file(ENTRY, progress)
    assert not folder.was_verified(ENTRY)


def test_verify_reads_even_what_was_found_right(folder, file, progress):
    folder.checked_file(ENTRY, progress)
    before = file.stat()
    file.write_bytes(b'X' + CONTENT[1:])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert folder.was_verified(ENTRY)
    with pytest.raises(ModelFileError, match='model pull tiny'):
        folder.verify(ENTRY, progress)
    assert not folder.was_verified(ENTRY)


def test_a_truncated_file_is_not_used(folder, file, progress):
    file.write_bytes(CONTENT[:-1])

    with pytest.raises(ModelFileError, match='has 204803 bytes and the model tiny 204804'):
        folder.checked_file(ENTRY, progress)


def test_a_file_that_cannot_be_read(folder, progress):
    folder.file(ENTRY).mkdir(parents=True)
    entry = make_entry(bytes=folder.file(ENTRY).stat().st_size)

    with pytest.raises(ModelFileError, match='tiny.gguf cannot be read'):
        folder.verify(entry, progress)


def test_a_record_that_is_damaged_is_as_good_as_none(folder, file, progress):
    (folder.path / 'tiny.gguf.verified').write_text('{')

    assert folder.checked_file(ENTRY, progress) == file
    assert folder.was_verified(ENTRY)


def test_where_no_record_can_be_written_the_file_is_used_all_the_same(folder, file, progress):
    (folder.path / 'tiny.gguf.verified').mkdir()

    assert folder.checked_file(ENTRY, progress) == file
    assert not folder.was_verified(ENTRY)


def test_a_folder_that_cannot_be_written(tmp_path, progress):
    (tmp_path / 'file').write_text('')
    folder = ModelFolder(tmp_path / 'file' / 'models')

    with pytest.raises(ModelDownloadError, match='models cannot be written .*name another one'):
        with folder.locked(ENTRY, progress):
            pass


def test_one_at_a_time(folder, progress):
    noted, entered = threading.Event(), threading.Event()

    class Waiting:
        def note(self, text):
            assert text == 'another process is pulling tiny: waiting for it'
            noted.set()

        def advance(self, *_):
            pass

    def second():
        with ModelFolder(folder.path).locked(ENTRY, Waiting()):
            entered.set()

    with folder.locked(ENTRY, progress):
        thread = threading.Thread(target=second)
        thread.start()
        assert noted.wait(60)
        assert not entered.is_set()
    thread.join(60)
    assert entered.is_set()
    assert progress.notes == []
