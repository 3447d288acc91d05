"""What it costs to go on with another conversation: tokens evaluated for those that are new."""

from collections.abc import Iterator

from nemotron_agent.cli.benches.dialogue import COMMANDS, Dialogues
from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.llm.llama_worker import LlamaWorker

CONVERSATIONS = ('first', 'second', 'third', 'fourth')
ROUNDS = 4


def figures(worker: LlamaWorker, label: str) -> Iterator[Figure]:
    """Give commands to four conversations in rotation."""
    dialogues = Dialogues(worker)
    commands = iter(COMMANDS)
    for _ in range(ROUNDS):
        for conversation_id in CONVERSATIONS:
            dialogues.give(conversation_id, next(commands))
    later = [cost for cost in dialogues.costs if not cost.is_first]
    begun = [cost for cost in dialogues.costs if cost.is_first][1:]
    evaluated = sum(cost.usage.new_tokens for cost in later)
    fresh = sum(cost.fresh_tokens for cost in later)
    prefix = max(dialogues.prefix_tokens - cost.usage.reused_tokens for cost in begun)
    yield Figure(f'switch.ratio.{label}', evaluated / fresh, 'evaluated/new', goal=1.02)
    yield Figure('switch.new_conversation_prefix_tokens', max(0, prefix), 'tokens', goal=0)
    yield Figure(f'switch.prefix.{label}', dialogues.prefix_tokens, 'tokens')
    yield Figure(
        f'switch.longest_prompt.{label}',
        max(cost.usage.prompt_tokens for cost in dialogues.costs),
        'tokens',
    )
