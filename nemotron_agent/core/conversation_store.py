"""Conversations by id: those in memory, and behind them those that an archive keeps."""

import threading
import time

from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_archive import (
    ConversationArchive,
    ConversationSummary,
    FinishedTurn,
)


class ConversationStore:
    """At most `capacity` conversations; the one used longest ago gives way. Thread-safe.

    Args:
        archive: keeps turns for a restart, and conversations that gave way; None keeps nothing.
    """

    def __init__(self, capacity: int, archive: ConversationArchive | None = None) -> None:
        self.archive = archive
        self._capacity = capacity
        self._conversations: dict[str, Conversation] = {}
        self._lock = threading.Lock()

    def get(self, conversation_id: str) -> Conversation:
        """Return a conversation: from memory, from the archive, or a new one."""
        with self._lock:
            conversation = self._conversations.get(conversation_id)
        if conversation is None and self.archive is not None:
            conversation = self.archive.load(conversation_id)
        with self._lock:
            conversation = self._conversations.setdefault(
                conversation_id, conversation or Conversation(conversation_id)
            )
            conversation.last_used = time.monotonic()
            while len(self._conversations) > self._capacity:
                oldest = min(self._conversations.values(), key=lambda c: c.last_used)
                del self._conversations[oldest.id]
            return conversation

    def keep_turn(self, conversation: Conversation, turn: FinishedTurn) -> None:
        """Have the archive keep a turn that was added; when this returns, it is on disk.

        Where it cannot be, the archive says so and the conversation goes on in memory.
        """
        if self.archive is not None:
            self.archive.keep_turn(conversation, turn)

    def keep_window(self, conversation: Conversation) -> None:
        """Have the archive keep what the model sees of a conversation that became shorter."""
        if self.archive is not None:
            self.archive.keep_window(conversation)

    def remove(self, conversation_id: str) -> bool:
        """Forget a conversation, in the archive too; return whether there was one."""
        with self._lock:
            was_here = self._conversations.pop(conversation_id, None) is not None
        was_kept = self.archive is not None and self.archive.remove(conversation_id)
        return was_here or was_kept

    def summaries(self) -> list[ConversationSummary]:
        """All conversations, those that only the archive has too; the one used last is last."""
        here = self.list()
        ids = {conversation.id for conversation in here}
        kept = self.archive.summaries() if self.archive is not None else []
        return [
            *(summary for summary in kept if summary.id not in ids),
            *(ConversationSummary(c.id, len(c.messages), c.tokens) for c in here),
        ]

    def close(self) -> None:
        """Let the archive end in order; may be called twice."""
        if self.archive is not None:
            self.archive.close()

    def list(self) -> list[Conversation]:
        """The conversations in memory, the one used longest ago first."""
        with self._lock:
            return sorted(self._conversations.values(), key=lambda c: c.last_used)
