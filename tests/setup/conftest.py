import io
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / 'scripts')]

from setup_steps.layout import Layout  # noqa: E402
from setup_steps.progress import Progress  # noqa: E402


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """An empty checkout."""
    return Layout(root=tmp_path / 'checkout', cache=tmp_path / 'cache')


@pytest.fixture
def progress() -> Progress:
    return Progress(io.StringIO(), steps=1)
