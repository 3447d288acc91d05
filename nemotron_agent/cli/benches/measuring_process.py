"""A process of its own for what is measured of a whole process."""

import json
import subprocess
import sys
from typing import Any

from nemotron_agent.core.errors import EvaluationError


def run_process(module: str, order: dict[str, Any]) -> dict[str, float]:
    """Run a module of `sides` with an order in JSON, and return the object it prints.

    Raises:
        EvaluationError: it failed.
    """
    done = subprocess.run(
        [sys.executable, '-m', f'nemotron_agent.cli.benches.sides.{module}', json.dumps(order)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise EvaluationError(
            f'the process that measures memory has failed: {done.stderr.strip()[-400:]}'
        )
    taken: dict[str, float] = json.loads(done.stdout)
    return taken
