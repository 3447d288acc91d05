"""How what looks at a task's calls asks the model for its next reply."""

from collections.abc import Callable, Container
from typing import Protocol

from nemotron_agent.core.chat_model import ModelReply, ReplyProgress
from nemotron_agent.core.messages import ToolCall

OnProgress = Callable[[ReplyProgress], None]


class AskModel(Protocol):
    """Asks a model for the next reply of a task."""

    def __call__(
        self,
        withheld: frozenset[str],
        on_progress: OnProgress,
        note: str = '',
        listed: frozenset[str] = frozenset(),
    ) -> ModelReply:
        """Ask.

        Args:
            withheld: names of tools not to be called.
            on_progress: told of the reply's pieces.
            listed: values; an argument that lists some of them is to be one of those.
            note: told to the model beside the last result, for this reply alone.
        """


def skill_call(reply: ModelReply, skills: Container[str]) -> ToolCall | None:
    """The call of one of some skills that a reply makes."""
    call = reply.message.tool_call
    return call if call and call.name in skills else None


def ignore(progress: ReplyProgress) -> None:
    """For a reply that may be dropped: nobody is told of its pieces."""
