import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import bootstrap
from setup_steps.virtual_environment import base_python, without

PROGRAM = Path(bootstrap.__file__)


@pytest.mark.parametrize('version', [(3, 10), (3, 13)])
def test_supported_python(version):
    assert bootstrap.python_complaint(version) == ''


@pytest.mark.parametrize('version', [(2, 7), (3, 9), (3, 14)])
def test_other_python_is_told_what_to_install(version):
    complaint = bootstrap.python_complaint(version)

    assert f'this is Python {version[0]}.{version[1]}' in complaint
    assert 'sudo apt install python3.12' in complaint


def test_old_interpreters_can_read_the_program_that_refuses_them():
    ast.parse(PROGRAM.read_text(), feature_version=(3, 6))


def test_an_error_is_a_short_text_and_not_a_traceback(tmp_path: Path):
    environment = without(os.environ, ('PYTHONPATH',))
    done = subprocess.run(
        [sys.executable, PROGRAM],
        env={**environment, 'AMENT_PREFIX_PATH': str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f'a ROS 2 is sourced from {tmp_path}, but {base_python()} cannot' in done.stderr
    assert 'Traceback' not in done.stderr
