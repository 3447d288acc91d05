"""What a start costs that finds the state of system prompt and tools on the disk."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.shipped import shipped_tools, system_message
from nemotron_agent.cli.benches.subject import Subject, Subjects
from nemotron_agent.core.chat_model import Usage
from nemotron_agent.llm.llama_worker import LlamaWorker


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Start twice: once without a saved state, then with it."""
    yield from of_subject(subjects.full(), progress, subjects.folder / 'warm_start')


def of_subject(subject: Subject, progress: Progress, folder: Path) -> Iterator[Figure]:
    """The figures of one model."""
    progress.step(f'warm-start, {subject.label}, evaluating')
    evaluated = _start(subject, folder)
    saved_mb = sum(_leave_to_disk(file) for file in folder.iterdir()) / 1e6
    progress.step(f'warm-start, {subject.label}, loading')
    loaded = _start(subject, folder)
    yield Figure('warm_start.prefix_tokens', loaded.new_tokens, 'tokens', goal=0)
    ratio = loaded.prefill_sec / evaluated.prefill_sec
    yield Figure(f'warm_start.load_vs_prefill.{subject.label}', ratio, 'load/prefill', goal=0.02)
    yield Figure(f'warm_start.load.{subject.label}', loaded.prefill_sec, 's')
    yield Figure(f'warm_start.prefill.{subject.label}', evaluated.prefill_sec, 's')
    yield Figure(f'warm_start.prefix.{subject.label}', evaluated.prompt_tokens, 'tokens')
    yield Figure(f'warm_start.saved.{subject.label}', saved_mb, 'MB')


def _start(subject: Subject, folder: Path) -> Usage:
    parameters = dataclasses.replace(subject.parameters, warm_start_folder=folder)
    with contextlib.closing(LlamaWorker(parameters)) as worker:
        return worker.prepare(system_message(), shipped_tools())


def _leave_to_disk(file: Path) -> int:
    """Have a file read from the disk next time, as after a restart; return its size in bytes."""
    with file.open('rb') as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return file.stat().st_size
