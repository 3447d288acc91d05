import os
import subprocess
import sys

import pytest

from nemotron_agent.core.errors import ModelDownloadError
from nemotron_agent.llm.model_download import pull
from nemotron_agent.llm.model_entry import HuggingFaceRepo
from nemotron_agent.llm.model_sources.hugging_face import HuggingFaceSource
from nemotron_agent.testing.model_hub import ModelHub
from nemotron_agent.testing.tiny_model import CONTENT, REPO, make_entry

ENTRY = make_entry(hugging_face=REPO)


@pytest.fixture
def hub():
    with ModelHub(CONTENT) as hub:
        yield hub


@pytest.fixture
def source(hub):
    return HuggingFaceSource(HuggingFaceRepo(**REPO), hub.url, retry_sec=0.01)


def names_in(folder):
    return {path.name for path in folder.path.iterdir() if not path.name.endswith('.lock')}


def test_the_file_comes_whole_and_is_remembered(source, folder, progress):
    path = pull(ENTRY, folder, [source], progress)

    assert path.read_bytes() == CONTENT
    assert folder.was_verified(ENTRY)
    assert names_in(folder) == {'tiny.gguf', 'tiny.gguf.verified'}
    assert ('downloading', len(CONTENT), len(CONTENT)) in progress.steps


def test_a_file_that_is_here_is_not_fetched(hub, source, folder, progress):
    folder.path.mkdir()
    folder.file(ENTRY).write_bytes(CONTENT)

    assert pull(ENTRY, folder, [source], progress) == folder.file(ENTRY)
    assert hub.ranges == []


def test_a_wrong_file_that_is_here_is_replaced(source, folder, progress):
    folder.path.mkdir()
    folder.file(ENTRY).write_bytes(CONTENT[:-1])

    path = pull(ENTRY, folder, [source], progress)

    assert path.read_bytes() == CONTENT
    assert 'replacing it' in progress.notes[0]


def test_it_goes_on_where_it_was_interrupted(hub, source, folder, progress):
    folder.path.mkdir()
    folder.partial(ENTRY).write_bytes(CONTENT[:1000])

    assert pull(ENTRY, folder, [source], progress).read_bytes() == CONTENT
    assert hub.ranges == [1000]


def test_a_lost_connection_is_taken_up_again(hub, source, folder, progress):
    hub.cut_after_bytes = 150_000

    assert pull(ENTRY, folder, [source], progress).read_bytes() == CONTENT
    assert hub.ranges == [0, 150_000]


def test_a_download_that_breaks_off_keeps_what_came(hub, source, folder, progress):
    hub.cut_after_bytes = 1000
    hub.downloads_left = 1

    with pytest.raises(ModelDownloadError, match='broke off after 1000 of 204804 bytes'):
        pull(ENTRY, folder, [source], progress)
    assert names_in(folder) == {'tiny.gguf.partial'}

    hub.cut_after_bytes = hub.downloads_left = None
    hub.ranges.clear()
    assert pull(ENTRY, folder, [source], progress).read_bytes() == CONTENT
    assert hub.ranges == [1000]


def test_a_hub_that_cannot_resume(hub, source, folder, progress):
    hub.resumes = False
    folder.path.mkdir()
    folder.partial(ENTRY).write_bytes(CONTENT[:1000])

    assert pull(ENTRY, folder, [source], progress).read_bytes() == CONTENT
    assert hub.ranges == [1000]


def test_a_hub_that_sends_too_much(hub, source, folder, progress):
    hub.surplus = b'!'

    with pytest.raises(ModelDownloadError, match='more came than the file has'):
        pull(ENTRY, folder, [source], progress)
    assert folder.partial_bytes(ENTRY) <= ENTRY.bytes


def test_a_download_that_never_begins_leaves_nothing(hub, source, folder, progress):
    hub.downloads_left = 0

    with pytest.raises(ModelDownloadError, match='broke off after 0 of 204804 bytes'):
        pull(ENTRY, folder, [source], progress)
    assert names_in(folder) == set()


def test_the_beginning_of_another_file_is_dropped(hub, source, folder, progress):
    folder.path.mkdir()
    folder.partial(ENTRY).write_bytes(b'other' * 100)

    assert pull(ENTRY, folder, [source], progress).read_bytes() == CONTENT
    assert hub.ranges == [500, 0]
    assert 'what was there of the file is not of this file: starting again' in progress.notes


def test_more_than_the_whole_file_is_dropped(hub, source, folder, progress):
    folder.path.mkdir()
    folder.partial(ENTRY).write_bytes(CONTENT + b'!')

    assert pull(ENTRY, folder, [source], progress).read_bytes() == CONTENT
    assert hub.ranges == [0]


def test_a_repository_with_another_file_of_that_name(hub, source, folder, progress):
    hub.sha256 = 'a' * 64

    with pytest.raises(ModelDownloadError, match='someone/models has another tiny.gguf') as caught:
        pull(ENTRY, folder, [source], progress)
    assert 'put tiny.gguf into' in str(caught.value)
    assert hub.ranges == []


def test_a_hub_that_sends_something_else_than_it_says(hub, source, folder, progress):
    hub.content = b'X' + CONTENT[1:]

    with pytest.raises(ModelDownloadError, match='what came is not the file: 204804 bytes, sha'):
        pull(ENTRY, folder, [source], progress)
    assert names_in(folder) == set()


@pytest.mark.parametrize('status', [401, 404, 503])
def test_a_hub_that_refuses(hub, source, folder, progress, status):
    hub.status = status

    with pytest.raises(ModelDownloadError, match=f'the hub does not give it .*{status}') as caught:
        pull(ENTRY, folder, [source], progress)
    assert 'resolve' not in str(caught.value)
    assert names_in(folder) == set()


def test_a_hub_that_cannot_be_reached(hub, folder, progress):
    port_of_nobody = HuggingFaceSource(HuggingFaceRepo(**REPO), 'http://127.0.0.1:9')

    with pytest.raises(ModelDownloadError, match='the hub does not give it .*refused'):
        pull(ENTRY, folder, [port_of_nobody], progress)


def test_a_hub_that_says_nothing(hub, folder, progress):
    hub.hang.clear()
    silent = HuggingFaceSource(HuggingFaceRepo(**REPO), hub.url, timeout_sec=0.2)

    with pytest.raises(ModelDownloadError, match='the hub does not give it .*timed out'):
        pull(ENTRY, folder, [silent], progress)


def test_an_answer_that_never_ends(hub, folder, progress):
    hub.drips = True
    hub.hang.clear()
    slow = HuggingFaceSource(HuggingFaceRepo(**REPO), hub.url, timeout_sec=0.2)

    with pytest.raises(ModelDownloadError, match='the hub does not answer within 1 s'):
        pull(ENTRY, folder, [slow], progress)


def test_without_huggingface_hub(tmp_path):
    (tmp_path / 'huggingface_hub.py').write_text('raise ImportError("a broken installation")')
    program = (
        'import pathlib\n'
        'from nemotron_agent.llm.model_download import pull, sources_of\n'
        'from nemotron_agent.llm.model_folder import ModelFolder\n'
        'from nemotron_agent.testing.tiny_model import REPO, HeardProgress, make_entry\n'
        'entry = make_entry(hugging_face=REPO)\n'
        f'folder = ModelFolder(pathlib.Path({str(tmp_path / "models")!r}))\n'
        'pull(entry, folder, sources_of(entry), HeardProgress())\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', program],
        env={**os.environ, 'PYTHONPATH': str(tmp_path)},
        capture_output=True,
        text=True,
    )

    assert 'huggingface_hub cannot be used (a broken installation)' in done.stderr
