"""What the engine needs besides llama.cpp's own buffers: two processes, with and without it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.subject import Subject, Subjects
from nemotron_agent.core.errors import EvaluationError

GOAL_MB = 150
COMMANDS = 6


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Measure both processes for each model."""
    most = 0.0
    for subject in subjects.counted():
        for figure in of_subject(subject, progress, subjects.folder):
            if figure.figure.startswith('memory.engine_overhead_mb.'):
                most = max(most, figure.value)
            yield figure
    yield Figure('memory.engine_overhead_mb', most, 'MB', goal=GOAL_MB)


def of_subject(
    subject: Subject, progress: Progress, folder: Path, commands: int = COMMANDS
) -> Iterator[Figure]:
    """The figures of one model."""
    parameters = subject.parameters
    order = {
        'tokens': str(folder / f'evaluated_by_{subject.label}.json'),
        'path': str(subject.path),
        'n_ctx': parameters.n_ctx,
        'n_ubatch': parameters.slice_tokens,
        'n_threads': parameters.threads,
        'n_sequences': 1 + parameters.snapshot_slots,
        'commands': commands,
        'tool_format': parameters.tool_format,
    }
    taken = {}
    for side in ('ours', 'bare'):
        progress.step(f'memory, {subject.label}, {side}')
        taken[side] = _run({'side': side, **order})
    label = subject.label
    peak_mb = taken['ours']['peak_mb'] - taken['bare']['peak_mb']
    yield Figure(f'memory.engine_overhead_mb.{label}', peak_mb, 'MB', goal=GOAL_MB)
    anonymous_mb = taken['ours']['anonymous_mb'] - taken['bare']['anonymous_mb']
    yield Figure(f'memory.engine_anonymous_mb.{label}', anonymous_mb, 'MB')
    yield Figure(f'memory.bare_peak_mb.{label}', taken['bare']['peak_mb'], 'MB')


def _run(order: dict[str, Any]) -> dict[str, float]:
    module = 'nemotron_agent.cli.benches.sides.memory_process'
    done = subprocess.run(
        [sys.executable, '-m', module, json.dumps(order)],
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
