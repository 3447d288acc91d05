"""Makes the virtual environment that everything is installed into."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from setup_steps.command import run_logged
from setup_steps.errors import SetupError
from setup_steps.layout import Layout
from setup_steps.progress import Progress
from setup_steps.road import Road

# Set by programs that called us, and wrong for the environment that is being made.
_FOREIGN = (
    'MAKEFLAGS',
    'MAKELEVEL',
    'MFLAGS',
    'PYTHONHOME',
    'VIRTUAL_ENV',
    '_ROS_WHEELS_BOOTSTRAP_COMPLETE',
    '__PYVENV_LAUNCHER__',
)
_PATHS = (
    'AMENT_PREFIX_PATH',
    'CMAKE_PREFIX_PATH',
    'COLCON_PREFIX_PATH',
    'LD_LIBRARY_PATH',
    'PATH',
    'PYTHONPATH',
)
_FOREIGN_WITHOUT_ROS = ('AMENT_PREFIX_PATH', 'CMAKE_PREFIX_PATH', 'PYTHONPATH', 'ROS_DISTRO')


def base_python() -> str:
    """Return this interpreter, or the one that the virtual environment we run in was made of."""
    return str(getattr(sys, '_base_executable', sys.executable))


def without(environment: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return the environment without some variables."""
    return {key: value for key, value in environment.items() if key not in names}


def calling_environment(environment: Mapping[str, str], venv: Path) -> dict[str, str]:
    """Return the caller's environment as it was before our own environment was activated."""
    kept = without(environment, _FOREIGN)
    for name in _PATHS:
        parts = kept.pop(name, '').split(os.pathsep)
        others = [part for part in parts if part and venv not in (Path(part), *Path(part).parents)]
        if others:
            kept[name] = os.pathsep.join(others)
    return kept


def step_environment(environment: Mapping[str, str], road: Road) -> dict[str, str]:
    """Return the environment for the steps: without a sourced ROS 2, free of remains of one."""
    return dict(environment) if road.sourced else without(environment, _FOREIGN_WITHOUT_ROS)


def make_environment(
    road: Road, layout: Layout, environment: Mapping[str, str], progress: Progress
) -> None:
    """Make the virtual environment anew; what lay there goes.

    Raises:
        SetupError: something that is no environment of ours lies there.
        CommandError: Python could not make it.
    """
    venv = layout.venv
    if venv.is_symlink() or (
        venv.exists() and any(venv.iterdir()) and not (venv / 'pyvenv.cfg').is_file()
    ):
        raise SetupError(f'{venv} is in the way: it is no virtual environment', f'rm -r {venv}')
    command: list[str | Path] = [base_python(), '-m', 'venv', '--clear']
    if road.sourced:
        command.append('--system-site-packages')
    log = layout.root / '.venv.log'
    run_logged('making .venv', [*command, venv], environment, log, progress)
    log.unlink()
    # Keeps colcon, which searches the whole checkout for packages, out of it.
    (venv / 'COLCON_IGNORE').touch()
