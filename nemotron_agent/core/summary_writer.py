"""A summary of old turns, written by the model."""

import dataclasses
from collections.abc import Iterable, Iterator

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel, ChatRequest, StopReason
from nemotron_agent.core.conversation import Turn
from nemotron_agent.core.disabled_note import without_disabled_note
from nemotron_agent.core.messages import Message

OWNER = '\0summary'  # no operator's conversation
LOWEST_PRIORITY = -(2**31)
_CUT_OFF = ' [...]'
_TASK = Message(
    'system',
    'You keep the memory of a robot. Summarise what is below in a few short sentences: what the '
    'operator wanted, what was done and what was found out. Keep names, places and numbers.',
)


@dataclasses.dataclass(frozen=True)
class SummaryWriter:
    """Has a model summarise turns.

    Attributes:
        max_tokens: most tokens of a summary.
    """

    model: ChatModel
    max_tokens: int

    def write(self, turns: Iterable[Turn], so_far: str, cancel: CancelToken) -> str:
        """Summarise turns, and the summary of those before them; empty if there is none.

        Raises:
            ModelError: it could not be evaluated, or the turns are too long for the context.
        """
        lines = [f'Summary so far: {so_far}'] if so_far else []
        lines += [line for turn in turns for line in _lines(turn)]
        request = ChatRequest(
            OWNER,
            (_TASK, Message('user', '\n'.join(lines))),
            tools=(),
            priority=LOWEST_PRIORITY,
            max_tokens=self.max_tokens,
        )
        try:
            reply = self.model.reply(request, lambda progress: None, cancel)
        finally:
            self.model.forget(OWNER)
        if reply.stop_reason is StopReason.CANCELED:
            return ''
        text = ' '.join(reply.message.content.split())
        return f'{text}{_CUT_OFF}' if text and reply.stop_reason is StopReason.LENGTH else text


def _lines(turn: Turn) -> Iterator[str]:
    yield f'Operator: {without_disabled_note(turn[0].content)}'
    for message in turn[1:]:
        if message.role == 'tool':
            yield f'Result: {message.content}'
        elif message.tool_call is not None:
            call = message.tool_call
            yield f'Robot called {call.name} {call.arguments_json}'
        elif message.role == 'assistant':
            yield f'Robot: {message.content}'
