"""Commands given to a model, with a tool loop for each, and a count of what it evaluated."""

import dataclasses
from collections.abc import Iterable

from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.chat_model import ChatRequest, Usage
from nemotron_agent.core.messages import Message
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.snapshots import common_prefix
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.places import load_places

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
    'Turn left by 90 degrees.',
    'Drive forward one meter.',
    'What do you see now?',
    'Go to the bedroom.',
    'Switch the light off.',
    'Open the gripper.',
    'Turn around.',
    'Go back to the kitchen.',
    'Close the gripper.',
    'Go to the dock and stop there.',
)
MAX_STEPS = 3
RESULT = 'It succeeded: the robot is done after 4.2 s.'


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a reply cost.

    Attributes:
        fresh_tokens: prompt tokens that no turn before had evaluated after the same tokens.
        is_first: the first reply of its conversation.
    """

    conversation_id: str
    usage: Usage
    fresh_tokens: int
    is_first: bool


class Dialogues:
    """Conversations with one model that go on command by command.

    What a call asks for is not done: it always succeeds. So any model will do, also one with no
    trained weights; what it writes goes into its history as it is.

    Attributes:
        costs: of each reply so far.
        prefix_tokens: tokens of the system message with its tools.
    """

    def __init__(self, worker: LlamaWorker, max_reply_tokens: int = 64) -> None:
        self.costs: list[Cost] = []
        self._worker = worker
        self._max_reply_tokens = max_reply_tokens
        self._tools = _shipped_tools(worker)
        prompt = config_file('system_prompt.txt').read_text(encoding='utf-8').strip()
        self._system = Message('system', prompt)
        self._messages: dict[str, list[Message]] = {}
        self._evaluated: list[list[int]] = []
        self.prefix_tokens = worker.count_prompt(self._request('', (self._system,), False))

    def give(self, conversation_id: str, command: str, *, thinking: bool = False) -> None:
        """Give a command and let the model act on it until it ends its turn."""
        messages = self._messages.setdefault(conversation_id, [self._system])
        messages.append(Message('user', command))
        for _ in range(MAX_STEPS):
            reply = self._ask(conversation_id, messages, thinking)
            messages.append(reply)
            call = reply.tool_call
            if call is None or self._ends_task(call.name):
                return
            messages.append(Message('tool', RESULT, tool_name=call.name))

    def _ask(self, conversation_id: str, messages: Iterable[Message], thinking: bool) -> Message:
        worker = self._worker
        request = self._request(conversation_id, tuple(messages), thinking)
        reply = worker.reply(request, lambda progress: None, AbortFlag())
        prompt = worker.tokens_of(conversation_id)[: reply.usage.prompt_tokens]
        known = max((common_prefix(seen, prompt) for seen in self._evaluated), default=0)
        is_first = all(cost.conversation_id != conversation_id for cost in self.costs)
        self.costs.append(Cost(conversation_id, reply.usage, len(prompt) - known, is_first))
        self._evaluated.append(list(worker.state.resident))
        return reply.message

    def _request(
        self, conversation_id: str, messages: tuple[Message, ...], thinking: bool
    ) -> ChatRequest:
        return ChatRequest(
            conversation_id, messages, self._tools, thinking, max_tokens=self._max_reply_tokens
        )

    def _ends_task(self, name: str) -> bool:
        return any(tool.name == name and tool.ends_task for tool in self._tools)


def _shipped_tools(worker: LlamaWorker) -> tuple[ToolSpec, ...]:
    places = load_places(config_file('places.yaml'))
    skills = load_manifest(config_file('skills.yaml'), places).skills
    builtins = builtin_tools(worker.rules.protocol)
    return (*(tool_spec(skill, places) for skill in skills), *(tool.spec for tool in builtins))
