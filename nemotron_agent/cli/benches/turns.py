"""What a turn costs: tokens evaluated, for the tokens that are new in its prompt.

A prompt is new in what no turn before has evaluated after the same tokens. A reply's last tokens,
which the grammar forced and nothing had to be sampled after, are new to the next prompt; so is
what a model said after reasoning that its template then cuts.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence

from nemotron_agent.cli.benches.dialogue import Cost, Dialogues
from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.shipped import COMMANDS
from nemotron_agent.cli.benches.sides.side import Side
from nemotron_agent.cli.benches.subject import Subject, Subjects
from nemotron_agent.core.chat_model import Usage

GOALS = {'thinking_off': 1.02, 'thinking_on': 1.1}


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Carry on a conversation on every side, and one with reasoning if the model can."""
    for subject in subjects.counted():
        yield from of_subject(subject, progress, COMMANDS)


def of_subject(subject: Subject, progress: Progress, commands: Sequence[str]) -> Iterator[Figure]:
    """The figures of one model."""
    ours: dict[str, float] = {}
    for name, make in subject.side_makers().items():
        progress.step(f'turns, {subject.label}, {name}')
        for mode in GOALS:
            if mode == 'thinking_on' and not subject.thinks:
                continue
            with contextlib.closing(make()) as side:
                started = time.monotonic()
                dialogues = _converse(side, progress, commands, thinking=mode == 'thinking_on')
                duration_sec = time.monotonic() - started
            ratio = dialogues.later_ratio
            if name == 'ours':
                ours[mode] = ratio
                figure = f'turns.ratio.{subject.label}.{mode}'
                yield Figure(figure, ratio, 'evaluated/new', GOALS[mode])
                if mode == 'thinking_off':
                    yield from _costs(dialogues.costs, subject.label, duration_sec)
            else:
                figure = f'turns.ratio.{name}.{subject.label}.{mode}'
                yield Figure(figure, ratio, 'evaluated/new', ours[mode], at_least=True)


def _converse(
    side: Side, progress: Progress, commands: Sequence[str], *, thinking: bool
) -> Dialogues:
    dialogues = Dialogues(side)
    for number, command in enumerate(commands):
        progress.count(number, len(commands))
        dialogues.give('bench', command, thinking=thinking)
    return dialogues


def _costs(costs: list[Cost], label: str, duration_sec: float) -> Iterator[Figure]:
    """What else is known of ours."""
    usages = [cost.usage for cost in costs if cost.usage is not None]
    first, *later = usages
    total = sum(usages, Usage())
    evaluated = sum(usage.new_tokens for usage in later)
    yield Figure(f'turns.first_prompt_tokens.{label}', first.new_tokens, 'tokens')
    yield Figure(f'turns.new_tokens_per_reply.{label}', evaluated / len(later), 'tokens')
    yield Figure(
        f'turns.prefill.{label}', total.new_tokens / max(total.prefill_sec, 1e-9), 'tokens/s'
    )
    yield Figure(f'turns.generation.{label}', total.tokens_per_sec, 'tokens/s')
    yield Figure(f'turns.duration.{label}', duration_sec, 's')
