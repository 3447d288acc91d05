"""Thousands of turns in conversations that outgrow their windows, with switches and cancels.

A process of its own holds them, with the agent's own loop, queue, tools and engine.
"""

import dataclasses
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.sides.soak_process import SoakOrder, SoakReport
from nemotron_agent.cli.benches.subject import Subject, Subjects
from nemotron_agent.core.errors import EvaluationError

MODULE = 'nemotron_agent.cli.benches.sides.soak_process'
WARM_UP_TURNS = 100
MEDIAN_OF_TURNS = 20
# Small, so that conversations outgrow them often; without trained weights a byte is a token.
N_CTX, N_CTX_OF_BYTES = 1536, 4096
REAL_SHARE = 0.1
GOALS = {'rss_growth': 0.01, 'turns_over_window': 0.0, 'parted_calls': 0.0}
UNITS = {'rss_growth': '', 'turns_over_window': 'turns', 'parted_calls': 'calls'}


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Soak each model; then the worst of each figure with a goal."""
    soaked, options = subjects.soaked(), subjects.options
    worst = dict.fromkeys(GOALS, 0.0)
    for subject in soaked:
        is_beside = len(soaked) > 1 and subject.is_trained
        turns = round(options.turns * REAL_SHARE) if is_beside else options.turns
        for figure in of_subject(subject, progress, turns, options.seed):
            name = figure.figure.split('.')[1]
            if name in worst:
                worst[name] = max(worst[name], figure.value)
            yield figure
    for name, value in worst.items():
        yield Figure(f'soak.{name}', value, UNITS[name], GOALS[name])


def of_subject(subject: Subject, progress: Progress, turns: int, seed: int) -> Iterator[Figure]:
    """The figures of one model."""
    parameters = subject.parameters
    order = SoakOrder(
        path=str(subject.path),
        n_ctx=min(parameters.n_ctx, N_CTX if subject.is_trained else N_CTX_OF_BYTES),
        n_threads=parameters.n_threads,
        snapshot_slots=parameters.snapshot_slots,
        reply_protocol=parameters.reply_protocol,
        tool_format=parameters.tool_format,
        may_answer=subject.is_trained,
        turns=turns,
        seed=seed,
    )
    progress.step(f'soak, {subject.label}')
    report = _run(order, progress)
    label = subject.label
    for name, value in (
        ('rss_growth', rss_growth(report.rss_bytes)),
        ('turns_over_window', report.turns_over_window),
        ('parted_calls', report.parted_calls),
    ):
        yield Figure(f'soak.{name}.{label}', value, UNITS[name], GOALS[name])
    yield Figure(f'soak.turns.{label}', turns, 'turns')
    yield Figure(f'soak.kept_turns.{label}', report.kept_turns, 'turns')
    yield Figure(f'soak.canceled_turns.{label}', report.canceled_turns, 'turns')
    yield Figure(f'soak.compactions.{label}', report.compactions, 'compactions')
    yield Figure(f'soak.summaries.{label}', report.summaries, 'summaries')
    yield Figure(f'soak.read_tokens_per_turn.{label}', report.read_tokens / turns, 'tokens')
    yield Figure(f'soak.rss.{label}', report.rss_bytes[-1] / 1e6, 'MB')
    yield Figure(f'soak.duration.{label}', report.duration_sec, 's')


def rss_growth(rss_bytes: list[int]) -> float:
    """Growth from turn 100 to the end, as a fraction; each of them the median of some turns."""
    start = min(WARM_UP_TURNS, len(rss_bytes) // 2)
    before = statistics.median(rss_bytes[start : start + MEDIAN_OF_TURNS])
    return statistics.median(rss_bytes[-MEDIAN_OF_TURNS:]) / before - 1


def _run(order: SoakOrder, progress: Progress) -> SoakReport:
    command = [sys.executable, '-m', MODULE, json.dumps(dataclasses.asdict(order))]
    line = ''
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None, 'it is a pipe'
        for line in process.stdout:
            done = json.loads(line).get('done')
            if done is not None:
                progress.count(done, order.turns)
    if process.returncode != 0:
        raise EvaluationError('the process that soaks has failed; what it said is above')
    return SoakReport(**json.loads(line))
