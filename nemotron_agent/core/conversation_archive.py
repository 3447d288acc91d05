"""What keeps conversations beyond a restart: the protocol the store works with."""

import dataclasses
from typing import Protocol

from nemotron_agent.core.conversation import Conversation, Turn
from nemotron_agent.core.task import TaskResult


@dataclasses.dataclass(frozen=True)
class FinishedTurn:
    """A turn, and the task it came of.

    Attributes:
        origin: who asked.
        started, ended: Unix time [s].
    """

    messages: Turn
    origin: str
    result: TaskResult
    started: float
    ended: float


@dataclasses.dataclass(frozen=True)
class ConversationSummary:
    """What a list says of a conversation.

    Attributes:
        messages: those the model is shown.
        tokens: size in the model's tokens as of the last turn.
    """

    id: str
    messages: int
    tokens: int


@dataclasses.dataclass(frozen=True)
class ArchiveStatus:
    """How an archive does.

    Attributes:
        problem: why turns are not kept now, and what to do; empty if they are.
        unsaved_turns: turns that wait to be kept.
        size_bytes: what it takes, as of the last turn.
    """

    problem: str
    unsaved_turns: int
    size_bytes: int


class ConversationArchive(Protocol):
    """Keeps conversations. Its methods may be called from any thread and never raise.

    What cannot be kept now waits, is tried again, and is told by `status`.
    """

    @property
    def status(self) -> ArchiveStatus:
        """How it does; does not wait."""

    def load(self, conversation_id: str) -> Conversation | None:
        """Return a conversation as the model last saw it; None if it is not kept."""

    def keep_turn(self, conversation: Conversation, turn: FinishedTurn) -> None:
        """Keep a turn that was added to a conversation, and what the model now sees of it."""

    def keep_window(self, conversation: Conversation) -> None:
        """Keep what the model sees of a conversation that was shortened between turns."""

    def remove(self, conversation_id: str) -> bool:
        """Delete a conversation; return whether there was one."""

    def summaries(self) -> list[ConversationSummary]:
        """All that are kept, the one used longest ago first."""

    def close(self) -> None:
        """Keep what waits and free everything; may be called twice."""
