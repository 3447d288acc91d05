"""What a turn costs: tokens evaluated, for the tokens that are new in its prompt.

A prompt is new in what neither an earlier prompt nor an earlier reply had. The end of a reply that
the grammar forces is evaluated with the next prompt, so the ratio is above 1 by that much.
"""

import time
from collections.abc import Callable, Iterator

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.core.agent import Agent, AgentLimits
from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatModel,
    ChatRequest,
    ModelReply,
    ReplyProgress,
    ReplyProtocol,
    Usage,
)
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.task import Task
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.places import load_places
from nemotron_agent.testing.listed_tool import ListedTool

COMMANDS = (
    'Go to the kitchen.',
    'What can you see there?',
    'Grasp the red cup.',
    'Drive backward half a meter.',
    'How full is the battery?',
    'Turn right by 45 degrees.',
    'Go to the table.',
    'Release the cup.',
    'Switch the light on.',
    'Go to the dock.',
)


class _Metered:
    """A `ChatModel` that hands on to another and keeps the usage of each reply."""

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self.usages: list[Usage] = []

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def reply_protocol(self) -> ReplyProtocol:
        return self._model.reply_protocol

    @property
    def n_ctx(self) -> int:
        return self._model.n_ctx

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        reply = self._model.reply(request, on_progress, cancel)
        self.usages.append(reply.usage)
        return reply

    def forget(self, conversation_id: str) -> None:
        self._model.forget(conversation_id)

    def close(self) -> None:
        self._model.close()


def figures(model: ChatModel) -> Iterator[Figure]:
    """Run a conversation of ten commands with the shipped skills, which all succeed."""
    metered = _Metered(model)
    places = load_places(config_file('places.yaml'))
    tools = [
        ListedTool(skill.id, parameters=tool_spec(skill, places).parameters)
        for skill in load_manifest(config_file('skills.yaml'), places).skills
    ]
    registry = ToolRegistry([*tools, *builtin_tools(model.reply_protocol)], SafetyGate())
    prompt = config_file('system_prompt.txt').read_text(encoding='utf-8').strip()
    agent = Agent(metered, registry, prompt, AgentLimits())
    conversation = Conversation('bench')
    started = time.monotonic()
    for command in COMMANDS:
        task = Task(command, conversation.id, 'operator')
        agent.run(task, conversation, lambda event: None, CancelToken())
    yield from _figures_of(metered.usages, model.name, time.monotonic() - started)


def _figures_of(usages: list[Usage], label: str, duration_sec: float) -> Iterator[Figure]:
    first, *later = usages
    known = [before.prompt_tokens + before.generated_tokens for before in usages[:-1]]
    fresh = sum(u.prompt_tokens - k for u, k in zip(later, known, strict=True))
    evaluated = sum(usage.new_tokens for usage in later)
    total = sum(usages, Usage())
    yield Figure(f'turns.ratio.{label}.thinking_off', evaluated / fresh, 'evaluated/new')
    yield Figure(f'turns.first_prompt_tokens.{label}', first.new_tokens, 'tokens')
    yield Figure(f'turns.new_tokens_per_reply.{label}', evaluated / len(later), 'tokens')
    yield Figure(
        f'turns.decode_calls_per_token.{label}',
        (total.decode_calls - len(usages)) / total.generated_tokens,
        'calls/token',
    )
    yield Figure(
        f'turns.prefill.{label}', total.new_tokens / max(total.prefill_sec, 1e-9), 'tokens/s'
    )
    yield Figure(f'turns.generation.{label}', total.tokens_per_sec, 'tokens/s')
    yield Figure(f'turns.duration.{label}', duration_sec, 's')
