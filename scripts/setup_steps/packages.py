"""Installs Python packages at their pinned versions."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from setup_steps.command import CommandError, run_logged
from setup_steps.errors import SetupError
from setup_steps.layout import Layout
from setup_steps.pip_settings import is_unreachable
from setup_steps.progress import Progress
from setup_steps.road import Road

_NAME = re.compile(r'[A-Za-z0-9._-]+')


def pin_of(constraints: str, name: str) -> str:
    """Return the pinned version of a distribution that has the same pin everywhere."""
    found = re.search(rf'^{re.escape(name)}==(\S+)$', constraints, re.MULTILINE)
    if found is None:
        raise SetupError(
            f'requirements/constraints.txt has no single pin for {name}', f'add {name}==VERSION'
        )
    return found[1]


def constraints_for(road: Road, constraints: str) -> str:
    """Return the pins for a road: with a sourced ROS 2, what it relies on stays as it is.

    The plugins of a held pytest are left to pip, which finds the ones that fit it.
    """
    held = dict(road.held)

    def is_ours(line: str) -> bool:
        name = _NAME.match(line)
        if name is None:
            return False
        return name[0] not in held and not ('pytest' in held and name[0].startswith('pytest-'))

    lines = [line for line in constraints.splitlines() if is_ours(line)]
    lines += [f'{name}=={version}' for name, version in sorted(held.items())]
    return '\n'.join(lines) + '\n'


def requirement_files(road: Road, layout: Layout) -> list[Path]:
    """Return the requirement files for a road."""
    names = ['runtime.txt', 'dev.txt', 'build.txt']
    if not road.sourced:
        names.append('ros-wheels.txt')
    return [layout.requirements / name for name in names]


def run_pip(
    what: str,
    arguments: Sequence[str | Path],
    layout: Layout,
    environment: Mapping[str, str],
    progress: Progress,
    detail: Callable[[str], str],
) -> None:
    """Run the virtual environment's pip.

    Raises:
        SetupError: the index does not answer.
        CommandError: anything else pip stumbles over.
    """
    log = layout.log(what.replace(' ', '-'))
    command = [layout.python, '-m', 'pip', *arguments]
    try:
        run_logged(what, command, environment, log, progress, detail)
    except CommandError as error:
        if not is_unreachable(log.read_text(encoding='utf-8', errors='replace')):
            raise
        raise SetupError(
            'the package index cannot be reached',
            'check the network; behind a proxy set HTTPS_PROXY, with a mirror PIP_INDEX_URL '
            f'(log: {log})',
        ) from error


def pip_install(
    what: str,
    arguments: Sequence[str | Path],
    layout: Layout,
    environment: Mapping[str, str],
    progress: Progress,
) -> None:
    """Run `pip install` in the virtual environment; errors as of `run_pip`."""
    found = 0

    def detail(line: str) -> str:
        nonlocal found
        found += line.startswith(('Collecting ', 'Requirement already satisfied'))
        return 'installing' if line.startswith('Installing') else f'{found} packages found'

    command: list[str | Path] = ['install', '--progress-bar', 'off', *arguments]
    run_pip(f'installing {what}', command, layout, environment, progress, detail)
