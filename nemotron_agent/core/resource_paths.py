"""Finds the files that come with the package, and the folder for those that it makes itself.

Config and launch files lie beside the package in a checkout, and in `share/nemotron_agent` of the
prefix that the package was installed into.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from nemotron_agent.core.errors import ConfigurationError

PACKAGE = 'nemotron_agent'


def share_directory(
    package: Path | None = None, environment: Mapping[str, str] | None = None
) -> Path:
    """Return the folder that holds `config/`, `launch/` and `package.xml`.

    Args:
        package: folder of the Python package; this one by default.
        environment: gives AMENT_PREFIX_PATH; this process's by default.

    Raises:
        ConfigurationError: there is none.
    """
    package = (package or Path(__file__).parent.parent).resolve()
    environment = os.environ if environment is None else environment
    candidates = list(_candidates(package, environment))
    for folder in candidates:
        if (folder / 'package.xml').is_file() and (folder / 'config').is_dir():
            return folder
    raise ConfigurationError(
        f'the config files of {PACKAGE} are not beside {package} nor in a sourced prefix: '
        'build the package with colcon and source its setup file, or run it from a checkout'
    )


def config_file(name: str) -> Path:
    """Return a file of `config/`, such as `skills.yaml`.

    Raises:
        ConfigurationError: there is no such file.
    """
    file = share_directory() / 'config' / name
    if not file.is_file():
        raise ConfigurationError(f'{PACKAGE} has no config file {name}: {file} does not exist')
    return file


def cache_directory() -> Path:
    """Return the folder for what can be made or fetched again; it need not exist."""
    return _own_directory('NEMOTRON_AGENT_CACHE', 'XDG_CACHE_HOME', '.cache')


def state_directory() -> Path:
    """Return the folder for what must last and cannot be made again; it need not exist."""
    return _own_directory('NEMOTRON_AGENT_STATE', 'XDG_STATE_HOME', '.local/state')


def _own_directory(own_variable: str, xdg_variable: str, in_home: str) -> Path:
    own = os.environ.get(own_variable)
    if own:
        return Path(own).expanduser().absolute()
    base = os.environ.get(xdg_variable, '')
    # A relative path is to be ignored: XDG Base Directory Specification 0.8.
    return (Path(base) if os.path.isabs(base) else Path.home() / in_home) / PACKAGE


def _candidates(package: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    yield package.parent
    for prefix in package.parents:
        yield prefix / 'share' / PACKAGE
    for name in environment.get('AMENT_PREFIX_PATH', '').split(os.pathsep):
        if name:
            yield Path(name, 'share', PACKAGE)
