"""Where the package's own manifest and places are: in a checkout, or installed by colcon."""

import os
from pathlib import Path

from nemotron_agent.core.errors import ConfigurationError

PACKAGE = 'nemotron_agent'


def default_file(name: str) -> Path:
    """Find a file of the package's `config` folder.

    Raises:
        ConfigurationError: it is nowhere.
    """
    checkout = Path(__file__).resolve().parents[2]
    prefixes = [Path(p) for p in os.environ.get('AMENT_PREFIX_PATH', '').split(os.pathsep) if p]
    candidates = [
        checkout / 'config' / name,
        *(prefix / 'share' / PACKAGE / 'config' / name for prefix in prefixes),
    ]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise ConfigurationError(
        f'the file {name} of {PACKAGE} is not installed (looked for '
        f'{", ".join(map(str, candidates))}): name the file yourself'
    )
