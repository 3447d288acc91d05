import os
import subprocess
import sys
from pathlib import Path

import pytest

from setup_steps.errors import SetupError
from setup_steps.pip_settings import is_unreachable, network_options, pip_environment

PYTHON = Path(sys.executable)
ODD = """\
[global]
index-url = http://127.0.0.1:9/simple
constraint = /nowhere/constraints.txt
require-hashes = true
[install]
user = true
target = /nowhere
no-deps = true
"""


def test_the_way_to_the_index_is_kept_and_the_rest_is_not(tmp_path: Path):
    file = tmp_path / 'pip.conf'
    file.write_text(ODD)
    called = {**os.environ, 'PIP_CONFIG_FILE': str(file), 'PIP_NO_BINARY': ':all:'}

    environment = pip_environment(PYTHON, called)

    assert environment['PIP_INDEX_URL'] == 'http://127.0.0.1:9/simple'
    left = {'CONSTRAINT', 'REQUIRE_HASHES', 'USER', 'TARGET', 'NO_DEPS', 'NO_BINARY'}
    assert not left & {key.removeprefix('PIP_') for key in environment}


def test_pip_in_that_environment_reads_no_configuration_file(tmp_path: Path):
    file = tmp_path / 'pip.conf'
    file.write_text(ODD)
    environment = pip_environment(PYTHON, {**os.environ, 'PIP_CONFIG_FILE': str(file)})

    listing = subprocess.run(
        [PYTHON, '-m', 'pip', 'config', 'list'],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert 'constraint' not in listing
    assert network_options(listing)['index-url'] == 'http://127.0.0.1:9/simple'


def test_environment_wins_over_install_and_install_over_global():
    listing = (
        ":env:.proxy='from-environment'\n"
        "global.cert='global'\n"
        "global.proxy='global'\n"
        "global.timeout='5'\n"
        "install.cert='install'\n"
        "freeze.timeout='6'\n"
        'a line of another kind\n'
    )

    assert network_options(listing) == {
        'cert': 'install',
        'proxy': 'from-environment',
        'timeout': '5',
    }


def test_configuration_that_pip_cannot_read(tmp_path: Path):
    file = tmp_path / 'pip.conf'
    file.write_text('no section\n')

    with pytest.raises(SetupError, match='pip cannot read its configuration'):
        pip_environment(PYTHON, {**os.environ, 'PIP_CONFIG_FILE': str(file)})


def test_signs_of_an_unreachable_index():
    assert is_unreachable('... Max retries exceeded with url: /simple/rich/ ...')
    assert not is_unreachable('ERROR: No matching distribution found for rich==99')
