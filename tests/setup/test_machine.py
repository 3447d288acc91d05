import shutil
from pathlib import Path

import pytest
from shell_program import write_program

from setup_steps.errors import SetupError
from setup_steps.machine import check_architecture, check_disk, check_tools, has_module

PROGRAMS = ('cc', 'c++', 'make')


def make_machine(folder: Path, *programs: str, cmake: str = 'cmake version 3.25.1') -> dict:
    """A PATH with these programs, and a cmake of some version."""
    for name in programs:
        write_program(folder / name, 'exit 0')
    if cmake:
        write_program(folder / 'cmake', f'echo "{cmake}"')
    return {'PATH': str(folder)}


def everything(name: str) -> bool:
    return True


def test_complete_machine_passes(tmp_path: Path):
    check_tools(make_machine(tmp_path, *PROGRAMS), '3.11', everything)


def test_compilers_may_be_named_by_variables(tmp_path: Path):
    environment = make_machine(tmp_path, 'make', 'gcc-13', 'g++-13')

    check_tools({**environment, 'CC': 'gcc-13 -m64', 'CXX': 'g++-13'}, '3.11', everything)


def test_empty_machine_is_told_everything_at_once(tmp_path: Path):
    with pytest.raises(SetupError) as caught:
        check_tools(make_machine(tmp_path, cmake=''), '3.12', lambda name: False)

    assert caught.value.problem == (
        "this machine lacks a C compiler, a C++ compiler, make, cmake, venv, Python's headers"
    )
    assert caught.value.remedy == (
        'sudo apt install gcc g++ make cmake python3.12-venv python3.12-dev'
    )


@pytest.mark.parametrize(
    ('module', 'package'),
    [
        ('venv', 'python3.11-venv'),
        ('ensurepip', 'python3.11-venv'),
        ('Python.h', 'python3.11-dev'),
    ],
)
def test_part_of_python_that_debian_packs_apart(tmp_path: Path, module: str, package: str):
    with pytest.raises(SetupError) as caught:
        check_tools(make_machine(tmp_path, *PROGRAMS), '3.11', lambda name: name != module)

    assert caught.value.remedy == f'sudo apt install {package}'


@pytest.mark.parametrize(
    ('said', 'version'), [('cmake version 3.18.4', '3.18'), ('hello', 'of no known version')]
)
def test_old_cmake(tmp_path: Path, said: str, version: str):
    with pytest.raises(SetupError, match=f'cmake is {version}, and llama.cpp needs 3.21'):
        check_tools(make_machine(tmp_path, *PROGRAMS, cmake=said), '3.11', everything)


def test_modules_of_this_interpreter():
    assert has_module('venv')
    assert has_module('Python.h')
    assert not has_module('a_module_of_no_package')


def test_architecture():
    check_architecture('x86_64')
    with pytest.raises(SetupError, match='has none for aarch64') as caught:
        check_architecture('aarch64')

    assert 'setup.sh && make setup' in caught.value.remedy


def test_enough_disk(tmp_path: Path):
    check_disk({tmp_path / 'not' / 'there': 1, tmp_path: 1})


def test_needs_on_one_disk_add_up(tmp_path: Path):
    free = shutil.disk_usage(tmp_path).free
    most = int(free * 0.7)

    with pytest.raises(SetupError) as caught:
        check_disk({tmp_path: most, tmp_path / 'cache': most})

    assert f'set-up needs {2 * most / 1024**3:.1f} GiB on the disk' in caught.value.problem
    assert 'NEMOTRON_AGENT_CACHE' in caught.value.remedy
