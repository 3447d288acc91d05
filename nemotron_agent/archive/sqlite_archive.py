"""The archive of a running node."""

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from nemotron_agent.archive.database import ConversationDatabase
from nemotron_agent.archive.node_files import NodeFiles
from nemotron_agent.archive.window import Window, read_window, window_of
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_archive import (
    ArchiveStatus,
    ConversationSummary,
    FinishedTurn,
)
from nemotron_agent.core.errors import ArchiveError

logger = logging.getLogger(__name__)

RETRY_SEC = 5.0
MAX_UNSAVED_TURNS = 1000
DAY_SEC = 86400.0
# A robot without a clock of its own begins in 1970: what it then stamps is not old.
EARLIEST_TRUE_TIME = 1735689600.0  # 2025-01-01

T = TypeVar('T')


@dataclasses.dataclass(frozen=True)
class ArchiveLimits:
    """Bounds on what is kept.

    Attributes:
        days: conversations not used for longer are deleted.
        size_bytes: the conversations used longest ago are deleted beyond it.
    """

    days: int
    size_bytes: int


class _Unsaved:
    """What is to be written, in one transaction: first removals, then turns, then windows."""

    def __init__(self) -> None:
        self.removals: set[str] = set()
        self.turns: list[tuple[str, FinishedTurn]] = []
        self.windows: dict[str, Window] = {}

    def __bool__(self) -> bool:
        return bool(self.removals or self.turns or self.windows)

    def remove(self, conversation_id: str) -> bool:
        """Forget what waits of a conversation; return whether there was a turn."""
        others = [(name, turn) for name, turn in self.turns if name != conversation_id]
        waited = len(others) < len(self.turns)
        self.turns = others
        self.windows.pop(conversation_id, None)
        self.removals.add(conversation_id)
        return waited

    def drop_oldest_turn(self) -> None:
        """Give up a turn, and what the model sees of its conversation if no other turn waits."""
        name, _ = self.turns.pop(0)
        if all(other != name for other, _ in self.turns):
            self.windows.pop(name, None)

    def write(self, database: ConversationDatabase) -> None:
        """Write all of it."""
        with database.transaction():
            for name in self.removals:
                database.remove(name)
            for name, turn in self.turns:
                database.add_turn(name, turn)
            for name, window in self.windows.items():
                database.set_window(name, window)


class SqliteArchive:
    """Keeps a node's conversations in its database; see `ConversationArchive`.

    Whatever is wrong with the database, the node runs on: turns wait in memory, and the database
    is opened anew every `retry_sec`, by a timer's thread while something waits.

    Args:
        limits: bounds on what is kept.
        busy_sec: how long a turn may wait for another program that writes [s].
    """

    def __init__(
        self,
        files: NodeFiles,
        limits: ArchiveLimits,
        *,
        busy_sec: float = 2.0,
        retry_sec: float = RETRY_SEC,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._files = files
        self._limits = limits
        self._busy_sec = busy_sec
        self._retry_sec = retry_sec
        self._clock = clock
        self._lock = threading.Lock()
        self._held = contextlib.ExitStack()
        self._database: ConversationDatabase | None = None
        self._retry_at = 0.0
        self._retry: threading.Timer | None = None
        self._unsaved = _Unsaved()
        self._problem = ''
        self._size_bytes = 0
        self._closed = False
        self._advance()

    @property
    def status(self) -> ArchiveStatus:
        """How it does; does not wait."""
        return ArchiveStatus(self._problem, len(self._unsaved.turns), self._size_bytes)

    def load(self, conversation_id: str) -> Conversation | None:
        """Return a conversation as the model last saw it; None if it is not kept.

        Where the database cannot be used, what waits to be kept is known.
        """
        with self._lock:
            waits = conversation_id in self._unsaved.windows
            if conversation_id in self._unsaved.removals and not waits:
                return None
            self._retry_at = 0.0  # to begin anew would be worse than to wait
            kept = self._with_database(lambda database: database.window(conversation_id))
            window = self._unsaved.windows.get(conversation_id)
            if kept is not None or window is None:
                return kept
            return read_window(conversation_id, window.tokens, window.text)

    def keep_turn(self, conversation: Conversation, turn: FinishedTurn) -> None:
        """Keep a turn that was added to a conversation, and what the model now sees of it."""
        with self._lock:
            self._unsaved.turns.append((conversation.id, turn))
            self._unsaved.windows[conversation.id] = window_of(conversation)
            if len(self._unsaved.turns) > MAX_UNSAVED_TURNS:
                self._unsaved.drop_oldest_turn()
                logger.error('a turn of a conversation could not be kept: too many wait')
            self._with_database(self._tidy)

    def keep_window(self, conversation: Conversation) -> None:
        """Keep what the model sees of a conversation that was shortened between turns."""
        with self._lock:
            self._unsaved.windows[conversation.id] = window_of(conversation)
            self._with_database(lambda database: None)

    def remove(self, conversation_id: str) -> bool:
        """Delete a conversation; return whether there was one.

        Where that cannot be now, it is done when it can, and `status` has the problem.
        """
        with self._lock:
            kept = self._with_database(ConversationDatabase.entries) or []
            was_kept = any(entry.id == conversation_id for entry in kept)
            waited = self._unsaved.remove(conversation_id)
            self._with_database(ConversationDatabase.shrink)
            return was_kept or waited

    def summaries(self) -> list[ConversationSummary]:
        """All that are kept, the one used longest ago first."""
        with self._lock:
            kept = self._with_database(ConversationDatabase.entries) or []
        return [ConversationSummary(entry.id, entry.messages, entry.tokens) for entry in kept]

    def close(self) -> None:
        """Keep what waits and free everything; may be called twice."""
        with self._lock:
            self._retry_at = 0.0
            if self._unsaved:
                self._with_database(self._tidy)
            if self._unsaved.turns and not self._closed:
                logger.error('%d turns could not be kept on disk', len(self._unsaved.turns))
            self._closed = True
            if self._retry is not None:
                self._retry.cancel()
            self._release()

    def _advance(self) -> None:
        """Keep what waits, and what is beyond the limits no longer."""
        with self._lock:
            self._retry, self._retry_at = None, 0.0
            self._with_database(self._tidy)

    def _with_database(self, use: Callable[[ConversationDatabase], T]) -> T | None:
        """Write what waits, then use the database; None if either cannot be done now."""
        if self._closed:
            return None
        try:
            database = self._opened()
            if database is None:
                return None
            if self._unsaved:
                self._unsaved.write(database)
                self._unsaved = _Unsaved()
            used = use(database)
        except ArchiveError as error:
            self._suspend(str(error))
        except Exception as error:  # a defect; a task must not fail for its record
            logger.exception('the archive of conversations failed')
            self._suspend(repr(error))
        else:
            self._note('')
            return used
        return None

    def _suspend(self, problem: str) -> None:
        """Do without the database for a while."""
        self._release()
        self._note(problem)
        self._retry_at = time.monotonic() + self._retry_sec
        if self._retry is None:
            self._retry = threading.Timer(self._retry_sec, self._advance)
            self._retry.daemon = True
            self._retry.start()

    def _opened(self) -> ConversationDatabase | None:
        if self._database is not None and not self._database.is_in_place:
            logger.warning('%s is gone or another: it is made anew', self._files.database)
            self._release()
        if self._database is None and time.monotonic() >= self._retry_at:
            self._held.enter_context(self._files.hold())
            self._database = ConversationDatabase(
                self._files.database, writable=True, busy_sec=self._busy_sec
            )
        return self._database

    def _release(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            database.close()
        self._held.close()

    def _note(self, problem: str) -> None:
        """Log that it begins and that it ends; `status` has the latest reason."""
        if problem and not self._problem:
            logger.error('conversations are not kept on disk now, only in memory: %s', problem)
        elif self._problem and not problem:
            logger.info('conversations are kept on disk again: %s', self._files.database)
        self._problem = problem

    def _tidy(self, database: ConversationDatabase) -> None:
        """Delete what is beyond the limits."""
        oldest = self._clock() - self._limits.days * DAY_SEC
        with database.transaction():
            removed = database.remove_unused_since(oldest, EARLIEST_TRUE_TIME)
        while database.size_bytes > self._limits.size_bytes:
            with database.transaction():
                if not database.remove_oldest():
                    break
            removed += 1
        if removed:
            database.shrink()
        self._size_bytes = database.size_bytes
