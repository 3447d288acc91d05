"""What it costs to go on with another conversation: tokens evaluated for those that are new."""

import contextlib
from collections.abc import Iterator

from nemotron_agent.cli.benches.dialogue import Dialogues
from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.shipped import COMMANDS
from nemotron_agent.cli.benches.sides.side import Side
from nemotron_agent.cli.benches.subject import Subject, Subjects

CONVERSATIONS = ('first', 'second', 'third', 'fourth')
ROUNDS = 4
UNIT = 'evaluated/new'


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Give commands to four conversations in rotation, on every side."""
    most_of_prefix = 0
    for subject in subjects.counted():
        for figure in of_subject(subject, progress):
            if figure.figure == 'switch.new_conversation_prefix_tokens':
                most_of_prefix = max(most_of_prefix, int(figure.value))
            else:
                yield figure
    yield Figure('switch.new_conversation_prefix_tokens', most_of_prefix, 'tokens', goal=0)


def of_subject(subject: Subject, progress: Progress, rounds: int = ROUNDS) -> Iterator[Figure]:
    """The figures of one model."""
    label, our_ratio = subject.label, 0.0
    for name, make in subject.side_makers().items():
        progress.step(f'switch, {label}, {name}')
        with contextlib.closing(make()) as side:
            dialogues = _rotate(side, progress, rounds)
        ratio, prefix = dialogues.later_ratio, _prefix_evaluated(dialogues)
        if name == 'ours':
            our_ratio = ratio
            yield Figure(f'switch.ratio.{label}', ratio, UNIT, goal=1.02)
            yield Figure('switch.new_conversation_prefix_tokens', prefix, 'tokens', goal=0)
            yield Figure(f'switch.prefix.{label}', dialogues.prefix_tokens, 'tokens')
            longest = max(len(cost.prompt) for cost in dialogues.costs)
            yield Figure(f'switch.longest_prompt.{label}', longest, 'tokens')
        else:
            figure = f'switch.ratio.{name}.{label}'
            yield Figure(figure, ratio, UNIT, our_ratio, at_least=True)
            figure = f'switch.new_conversation_prefix_tokens.{name}.{label}'
            yield Figure(figure, prefix, 'tokens')


def _rotate(side: Side, progress: Progress, rounds: int) -> Dialogues:
    dialogues = Dialogues(side)
    commands = iter(COMMANDS)
    for number in range(rounds * len(CONVERSATIONS)):
        progress.count(number, rounds * len(CONVERSATIONS))
        dialogues.give(CONVERSATIONS[number % len(CONVERSATIONS)], next(commands))
    return dialogues


def _prefix_evaluated(dialogues: Dialogues) -> int:
    """Most tokens of the system message and the tools that a new conversation evaluated."""
    prefix = dialogues.prefix_tokens
    begun = [cost for cost in dialogues.costs if cost.is_first][1:]
    return max(max(0, cost.new_tokens - (len(cost.prompt) - prefix)) for cost in begun)
