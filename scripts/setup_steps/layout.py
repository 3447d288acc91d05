"""Where things lie in the checkout and in the cache."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Layout:
    """The folders that set-up reads and writes.

    Attributes:
        root: the checkout.
        cache: kept between checkouts: compiled wheels.
    """

    root: Path
    cache: Path

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.root / '.venv'

    @property
    def python(self) -> Path:
        """The virtual environment's interpreter."""
        return self.venv / 'bin' / 'python'

    @property
    def state(self) -> Path:
        """Stamps, logs and build folders of set-up; they go when the environment goes."""
        return self.venv / '.setup'

    @property
    def requirements(self) -> Path:
        """Folder of the requirement files."""
        return self.root / 'requirements'

    @property
    def interfaces(self) -> Path:
        """Sources of the interface package."""
        return self.root / 'nemotron_agent_interfaces'

    def log(self, step: str) -> Path:
        """Return the log file of a step."""
        return self.state / 'log' / f'{step}.log'


def find_layout(root: Path, environment: Mapping[str, str]) -> Layout:
    """Return the layout of a checkout; NEMOTRON_AGENT_CACHE and XDG_CACHE_HOME move the cache."""
    cache = environment.get('NEMOTRON_AGENT_CACHE', '')
    if not cache:
        home = environment.get('XDG_CACHE_HOME') or os.path.join(os.path.expanduser('~'), '.cache')
        cache = os.path.join(home, 'nemotron_agent')
    return Layout(root=root, cache=Path(cache).expanduser().absolute())
