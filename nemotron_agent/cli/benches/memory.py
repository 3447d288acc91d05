"""What the engine needs besides llama.cpp's own buffers, and how well memory is planned."""

from collections.abc import Iterator
from pathlib import Path

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.measuring_process import run_process
from nemotron_agent.cli.benches.plan_error import plan_errors
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.subject import Subject, Subjects

GOAL_MB = 150
COMMANDS = 6


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Measure a process with the engine and one without, then compare plans with processes."""
    most = 0.0
    for subject in subjects.counted():
        for figure in of_subject(subject, progress, subjects.folder):
            if figure.figure.startswith('memory.engine_overhead_mb.'):
                most = max(most, figure.value)
            yield figure
    yield Figure('memory.engine_overhead_mb', most, 'MB', goal=GOAL_MB)
    yield from plan_errors(subjects, progress)


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
        taken[side] = run_process('memory_process', {'side': side, **order})
    label = subject.label
    peak_mb = taken['ours']['peak_mb'] - taken['bare']['peak_mb']
    yield Figure(f'memory.engine_overhead_mb.{label}', peak_mb, 'MB', goal=GOAL_MB)
    anonymous_mb = taken['ours']['anonymous_mb'] - taken['bare']['anonymous_mb']
    yield Figure(f'memory.engine_anonymous_mb.{label}', anonymous_mb, 'MB')
    yield Figure(f'memory.bare_peak_mb.{label}', taken['bare']['peak_mb'], 'MB')
