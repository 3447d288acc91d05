"""Builds the interface package into the virtual environment with colcon."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from setup_steps.command import run_logged
from setup_steps.errors import SetupError
from setup_steps.layout import Layout
from setup_steps.progress import Progress
from setup_steps.road import Road


def find_colcon(road: Road, layout: Layout, environment: Mapping[str, str]) -> Path:
    """Return the colcon to build with: the system's beside a sourced ROS 2, else our own.

    Raises:
        SetupError: the system has none.
    """
    if not road.sourced:
        return layout.venv / 'bin' / 'colcon'
    found = shutil.which('colcon', path=environment.get('PATH', os.defpath))
    if found is None:
        raise SetupError(
            'this machine lacks colcon', 'sudo apt install python3-colcon-common-extensions'
        )
    return Path(found)


def build_environment(
    road: Road, layout: Layout, environment: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of the build, free of the user's own colcon settings."""
    kept = {key: value for key, value in environment.items() if not key.startswith('COLCON_')}
    kept['COLCON_HOME'] = str(layout.state / 'colcon')
    if road.sourced:
        if 'COLCON_PREFIX_PATH' in environment:
            kept['COLCON_PREFIX_PATH'] = environment['COLCON_PREFIX_PATH']
        return kept
    kept['AMENT_PREFIX_PATH'] = kept['CMAKE_PREFIX_PATH'] = str(layout.venv)
    path = environment.get('PATH', os.defpath)
    kept['PATH'] = f'{layout.python.parent}{os.pathsep}{path}'
    return kept


def build_interfaces(
    road: Road, layout: Layout, environment: Mapping[str, str], progress: Progress
) -> None:
    """Build and install; what did not change is not built again.

    Raises:
        SetupError: colcon is missing.
        CommandError: an interface file is wrong, or the compiler is.
    """
    work = layout.state / 'interfaces'
    # colcon reads a colcon_defaults.yaml where it runs: an empty folder has none.
    work.mkdir(parents=True, exist_ok=True)
    # Older generators (Humble) look the interpreter up under the name without the 3.
    names = ('Python3_EXECUTABLE', 'PYTHON_EXECUTABLE')[: 1 + road.sourced]
    command: list[str | Path] = [find_colcon(road, layout, environment)]
    command += ['--log-base', work / 'log', 'build', '--base-paths', layout.interfaces]
    command += ['--build-base', work / 'build', '--merge-install', '--install-base', layout.venv]
    command += ['--event-handlers', 'console_direct+', '--cmake-args', '-DBUILD_TESTING=OFF']
    command += [f'-D{name}={layout.python}' for name in names]
    run_logged(
        'building the interfaces',
        command,
        build_environment(road, layout, environment),
        layout.log('interfaces'),
        progress,
        _detail,
        folder=work,
    )


def _detail(line: str) -> str:
    return line[: line.index(']') + 1] if line.startswith('[') and '%]' in line else ''
