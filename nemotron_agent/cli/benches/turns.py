"""What a turn costs: tokens evaluated, for the tokens that are new in its prompt.

A prompt is new in what no turn before has evaluated after the same tokens. A reply's last tokens,
which the grammar forced and nothing had to be sampled after, are new to the next prompt; so is
what a model said after reasoning that its template then cuts.
"""

import time
from collections.abc import Iterator, Sequence

from nemotron_agent.cli.benches.dialogue import COMMANDS, Cost, Dialogues
from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.core.chat_model import Usage
from nemotron_agent.llm.llama_worker import LlamaWorker


def figures(
    worker: LlamaWorker, label: str, commands: Sequence[str] = COMMANDS
) -> Iterator[Figure]:
    """Run a conversation with the shipped skills, and one with reasoning if the model can."""
    yield from _scenario(worker, label, commands, thinking=False)
    if worker.rules.think_begin is not None:
        yield from _scenario(worker, label, commands, thinking=True)


def _scenario(
    worker: LlamaWorker, label: str, commands: Sequence[str], *, thinking: bool
) -> Iterator[Figure]:
    worker.state.clear()
    dialogues = Dialogues(worker)
    started = time.monotonic()
    for command in commands:
        dialogues.give('bench', command, thinking=thinking)
    duration_sec = time.monotonic() - started
    worker.forget('bench')
    mode = 'thinking_on' if thinking else 'thinking_off'
    yield _ratio(dialogues.costs, f'turns.ratio.{label}.{mode}', goal=1.1 if thinking else 1.02)
    if not thinking:
        yield from _costs(dialogues.costs, label, duration_sec)


def _ratio(costs: list[Cost], name: str, goal: float) -> Figure:
    later = costs[1:]
    evaluated = sum(cost.usage.new_tokens for cost in later)
    fresh = sum(cost.fresh_tokens for cost in later)
    return Figure(name, evaluated / fresh, 'evaluated/new', goal)


def _costs(costs: list[Cost], label: str, duration_sec: float) -> Iterator[Figure]:
    usages = [cost.usage for cost in costs]
    first, *later = usages
    total = sum(usages, Usage())
    evaluated = sum(usage.new_tokens for usage in later)
    yield Figure(f'turns.first_prompt_tokens.{label}', first.new_tokens, 'tokens')
    yield Figure(f'turns.new_tokens_per_reply.{label}', evaluated / len(later), 'tokens')
    yield Figure(
        f'turns.decode_calls_per_token.{label}',
        (total.decode_calls - len(usages)) / max(total.generated_tokens, 1),
        'calls/token',
    )
    yield Figure(
        f'turns.prefill.{label}', total.new_tokens / max(total.prefill_sec, 1e-9), 'tokens/s'
    )
    yield Figure(f'turns.generation.{label}', total.tokens_per_sec, 'tokens/s')
    yield Figure(f'turns.duration.{label}', duration_sec, 's')
