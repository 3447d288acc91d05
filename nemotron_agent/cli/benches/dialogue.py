"""Commands given to a model, with a tool loop for each, and a count of what it evaluated."""

import dataclasses

from nemotron_agent.cli.benches.shipped import system_message
from nemotron_agent.cli.benches.sides.side import Side
from nemotron_agent.core.chat_model import Usage
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.snapshots import common_prefix

MAX_STEPS = 3
RESULT = 'It succeeded: the robot is done after 4.2 s.'


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a reply cost.

    Attributes:
        prompt: tokens of its prompt.
        new_tokens: how many of them were evaluated for it.
        fresh_tokens: how many of them no turn before had evaluated after the same tokens.
        is_first: the first reply of its conversation.
        usage: what else is known of it.
    """

    conversation_id: str
    prompt: list[int]
    new_tokens: int
    fresh_tokens: int
    is_first: bool
    usage: Usage | None


class Dialogues:
    """Conversations with one side that go on command by command.

    What a call asks for is not done: it always succeeds. So any model will do, also one with no
    trained weights; what it writes goes into its history as it is.

    Attributes:
        costs: of each reply so far.
    """

    def __init__(self, side: Side) -> None:
        self.costs: list[Cost] = []
        self._side = side
        self._endings = {tool.name for tool in side.tools if tool.ends_task}
        self._system = system_message()
        self._messages: dict[str, list[Message]] = {}
        self._evaluated: list[list[int]] = []

    def give(self, conversation_id: str, command: str, *, thinking: bool = False) -> None:
        """Give a command and let the model act on it until it ends its turn."""
        messages = self._messages.setdefault(conversation_id, [self._system])
        messages.append(Message('user', command))
        for _ in range(MAX_STEPS):
            reply = self._ask(conversation_id, messages, thinking)
            messages.append(reply)
            call = reply.tool_call
            if call is None or call.name in self._endings:
                return
            messages.append(Message('tool', RESULT, tool_name=call.name))

    @property
    def later_ratio(self) -> float:
        """Prompt tokens evaluated for each that is new, without the first of a conversation."""
        later = [cost for cost in self.costs if not cost.is_first]
        return sum(cost.new_tokens for cost in later) / sum(cost.fresh_tokens for cost in later)

    @property
    def prefix_tokens(self) -> int:
        """Tokens that the first prompts of all conversations begin with."""
        first, *others = [cost.prompt for cost in self.costs if cost.is_first]
        return min((common_prefix(first, other) for other in others), default=len(first))

    def evaluated_last(self, conversation_id: str) -> list[int]:
        """All tokens evaluated by the end of a conversation's last reply."""
        pairs = zip(self.costs, self._evaluated, strict=True)
        return [e for cost, e in pairs if cost.conversation_id == conversation_id][-1]

    def _ask(self, conversation_id: str, messages: list[Message], thinking: bool) -> Message:
        reply = self._side.reply(conversation_id, messages, thinking=thinking)
        prompt = list(reply.prompt)
        known = max((common_prefix(seen, prompt) for seen in self._evaluated), default=0)
        self.costs.append(
            Cost(
                conversation_id,
                prompt,
                reply.new_tokens,
                fresh_tokens=len(prompt) - known,
                is_first=all(cost.conversation_id != conversation_id for cost in self.costs),
                usage=reply.usage,
            )
        )
        self._evaluated.append(list(reply.evaluated))
        return reply.message
