"""Conversations and the turns they are made of."""

import dataclasses
import time
from collections.abc import Iterable

from nemotron_agent.core.left_out import LeftOut
from nemotron_agent.core.messages import Message

Turn = tuple[Message, ...]


def shown(turns: Iterable[Turn], left_out: LeftOut) -> tuple[Message, ...]:
    """What the model sees of turns: a note of what is left out, then their messages."""
    note = left_out.note
    noted = (Message('user', note),) if note else ()
    return (*noted, *(message for turn in turns for message in turn))


@dataclasses.dataclass
class Conversation:
    """What was said so far. A turn is a command and all that came of it; turns are added whole.

    Only the task that runs in a conversation changes it, or what is done while no task runs, so it
    has no lock.

    Attributes:
        turns: oldest first; older ones may be shortened.
        left_out: what is gone, so that the rest fits into the context.
        tokens: of the last prompt and the reply to it.
    """

    id: str
    turns: list[Turn] = dataclasses.field(default_factory=list)
    left_out: LeftOut = LeftOut()
    tokens: int = 0
    last_used: float = dataclasses.field(default_factory=time.monotonic)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What the model sees: a note of what is left out, then all messages, oldest first."""
        return shown(self.turns, self.left_out)

    def add_turn(self, turn: Turn) -> None:
        """Add a finished turn."""
        self.turns.append(turn)
        self.last_used = time.monotonic()

    def shorten(self, turns: Iterable[Turn], left_out: LeftOut) -> None:
        """Go on with shorter turns, or fewer of them."""
        self.turns = list(turns)
        self.left_out = left_out
