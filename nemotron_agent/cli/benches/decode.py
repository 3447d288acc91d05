"""Speed of free text: ours, and a bare loop of llama.cpp in the same process."""

import contextlib
import statistics
from collections.abc import Iterator

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.shipped import system_message
from nemotron_agent.cli.benches.sides.free_text import OurFreeText
from nemotron_agent.cli.benches.sides.raw_llama import RawLlama
from nemotron_agent.cli.benches.subject import Subject, Subjects
from nemotron_agent.llm.llama_worker import LlamaWorker

ROUNDS = 8
TOKENS = 48
PROMPT_TOKENS = 16


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Write the same number of tokens on both sides, in turn."""
    for subject in subjects.timed():
        progress.step(f'decode, {subject.label}')
        yield from of_subject(subject, progress)


def of_subject(
    subject: Subject, progress: Progress, rounds: int = ROUNDS, n_tokens: int = TOKENS
) -> Iterator[Figure]:
    """The figures of one model."""
    parameters = subject.parameters
    ours_sec: list[float] = []
    raw_sec: list[float] = []
    with contextlib.ExitStack() as stack:
        worker = stack.enter_context(contextlib.closing(LlamaWorker(parameters)))
        raw = RawLlama(
            subject.path,
            n_ctx=parameters.n_ctx,
            n_ubatch=parameters.slice_tokens,
            n_sequences=1 + parameters.snapshot_slots,
            n_threads=parameters.threads,
        )
        stack.enter_context(contextlib.closing(raw))
        ours = OurFreeText(worker)
        prompt = worker.rules.vocabulary.tokenize(system_message().content)[:PROMPT_TOKENS]
        for number in range(rounds + 1):
            progress.count(number, rounds + 1)
            if number % 2 == 0:
                ours_sec.append(ours.write(prompt, n_tokens))
            raw.read(prompt)
            raw_sec.append(raw.write(n_tokens))
            if number % 2 == 1:
                ours_sec.append(ours.write(prompt, n_tokens))
    label = subject.label
    # The first round finds weights and caches cold.
    ratios = [raw / ours for ours, raw in zip(ours_sec[1:], raw_sec[1:], strict=True)]
    name = f'decode.rate_vs_raw.{label}'
    yield Figure(name, statistics.median(ratios), 'ours/raw', goal=0.97, at_least=True)
    yield Figure(f'decode.rate.ours.{label}', n_tokens / statistics.median(ours_sec), 'tokens/s')
    yield Figure(f'decode.rate.raw.{label}', n_tokens / statistics.median(raw_sec), 'tokens/s')
