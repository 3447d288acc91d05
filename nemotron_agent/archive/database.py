"""The conversations of one node in a SQLite file."""

import contextlib
import dataclasses
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from nemotron_agent.archive.schema import check_schema, ensure_schema, faults
from nemotron_agent.archive.turn_rows import insert_turn, read_turns
from nemotron_agent.archive.window import Window, read_window
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_archive import FinishedTurn
from nemotron_agent.core.errors import ArchiveError
from nemotron_agent.core.json_text import encodable

MIN_STEP_SEC = 0.001
# SQLite's words for what goes wrong, as Python 3.10 gives no codes, and what to do.
_REMEDIES = {
    'database is locked': 'end the program that writes to it',
    'database or disk is full': 'free some disk',
    'disk I/O error': 'check the disk, and the room on it',
    'readonly database': 'make the file and its folder writable',
    'unable to open database file': 'make its folder writable',
    'file is not a database': 'move it away',
    'disk image is malformed': 'move it away',
}


@dataclasses.dataclass(frozen=True)
class KeptConversation:
    """What is known of a conversation without reading it.

    Attributes:
        turns: those kept; the oldest may be gone.
        messages: those the model is shown.
        tokens: size in the model's tokens as of the last turn.
        created, used: Unix time [s] of its first turn and of its last.
    """

    id: str
    turns: int
    messages: int
    tokens: int
    created: float
    used: float


class ConversationDatabase:
    """An open database; may be used from any thread, by one at a time.

    A write is durable when its `transaction` ends: the write-ahead log is synced with every
    commit, so a turn survives a loss of power too.

    Args:
        path: of the file.
        writable: make it where there is none, and allow changes.
        busy_sec: how long to wait for another program that writes [s].

    Raises:
        ArchiveError: it cannot be opened, or not be used.
    """

    def __init__(self, path: Path, *, writable: bool, busy_sec: float = 2.0) -> None:
        self.path = path
        with self._errors():
            if writable:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                _make_private(path)
            mode = 'rw' if writable else 'ro'
            self._connection = sqlite3.connect(
                f'{path.absolute().as_uri()}?mode={mode}',
                uri=True,
                timeout=busy_sec,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                self._prepare(writable)
            except BaseException:
                self._connection.close()
                raise
            self._inode = path.stat().st_ino

    def __enter__(self) -> 'ConversationDatabase':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_in_place(self) -> bool:
        """Whether the file is still the one that was opened."""
        try:
            return self.path.stat().st_ino == self._inode
        except OSError:
            return False

    @property
    def size_bytes(self) -> int:
        """What the conversations take, without free pages and the log.

        Raises:
            ArchiveError: it cannot be read.
        """
        with self._errors():
            pages, free, size = (
                self._connection.execute(f'PRAGMA {name}').fetchone()[0]
                for name in ('page_count', 'freelist_count', 'page_size')
            )
            return int((pages - free) * size)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Have all changes made inside take place, or none.

        Raises:
            ArchiveError: they could not be written.
        """
        with self._errors():
            self._connection.execute('BEGIN IMMEDIATE')
            try:
                yield
                self._connection.execute('COMMIT')
            except BaseException:
                # A full disk has rolled back by itself.
                if self._connection.in_transaction:
                    self._connection.execute('ROLLBACK')
                raise

    def add_turn(self, conversation_id: str, turn: FinishedTurn) -> None:
        """Add a turn to a conversation, making it if it is new."""
        name = encodable(conversation_id)
        # A robot's clock may begin in 1970 after each start: a turn is newer than any before.
        (last,) = self._connection.execute(
            'SELECT coalesce(max(used), 0) FROM conversations'
        ).fetchone()
        now = max(turn.ended, last + MIN_STEP_SEC)
        self._connection.execute(
            'INSERT INTO conversations (id, created, used) VALUES (?, ?, ?)'
            ' ON CONFLICT (id) DO UPDATE SET used = excluded.used',
            (name, now, now),
        )
        key = self._key(name)
        assert key is not None, 'it was just made'
        insert_turn(self._connection, key, turn)

    def set_window(self, conversation_id: str, window: Window) -> None:
        """Replace what the model is shown of a conversation; nothing where there is none."""
        self._connection.execute(
            'UPDATE conversations SET tokens = ?, window_messages = ?, window = ? WHERE id = ?',
            (window.tokens, window.messages, window.text, encodable(conversation_id)),
        )

    def window(self, conversation_id: str) -> Conversation | None:
        """A conversation as the model last saw it; None if there is none.

        Raises:
            ArchiveError: it cannot be read.
        """
        with self._errors():
            row = self._connection.execute(
                'SELECT tokens, window FROM conversations WHERE id = ?',
                (encodable(conversation_id),),
            ).fetchone()
            return row and read_window(conversation_id, *row)

    def turns(self, conversation_id: str, last: int | None = None) -> list[FinishedTurn]:
        """The turns of a conversation as they were, or the last of them, oldest first.

        Raises:
            ArchiveError: they cannot be read.
        """
        with self._errors():
            key = self._key(encodable(conversation_id))
            return [] if key is None else list(read_turns(self._connection, key, last))

    def entries(self) -> list[KeptConversation]:
        """All conversations, the one used longest ago first.

        Raises:
            ArchiveError: they cannot be read.
        """
        with self._errors():
            rows = self._connection.execute(
                'SELECT id, (SELECT count(*) FROM turns WHERE conversation = conversations.key)'
                ' AS turns, window_messages AS messages, tokens, created, used'
                ' FROM conversations ORDER BY used, key'
            )
            return [KeptConversation(**row) for row in rows]

    def remove(self, conversation_id: str) -> bool:
        """Delete a conversation; return whether there was one."""
        cursor = self._connection.execute(
            'DELETE FROM conversations WHERE id = ?', (encodable(conversation_id),)
        )
        return cursor.rowcount > 0

    def remove_unused_since(self, time_sec: float, but_after: float) -> int:
        """Delete the conversations last used between two times; return how many."""
        cursor = self._connection.execute(
            'DELETE FROM conversations WHERE used < ? AND used > ?', (time_sec, but_after)
        )
        return cursor.rowcount

    def remove_oldest(self) -> bool:
        """Delete the conversation used longest ago, or old turns of the only one.

        Returns:
            Whether there was something; the last turn of all stays.
        """
        keys = self._connection.execute(
            'SELECT key FROM conversations ORDER BY used, key LIMIT 2'
        ).fetchall()
        if len(keys) > 1:
            self._connection.execute('DELETE FROM conversations WHERE key = ?', tuple(keys[0]))
            return True
        cursor = self._connection.execute(
            'DELETE FROM turns WHERE number <= (SELECT (min(number) + max(number) - 1) / 2'
            ' FROM turns)'
        )
        return cursor.rowcount > 0

    def shrink(self) -> None:
        """Give free pages and the log back to the disk, so that nothing deleted can be read.

        Raises:
            ArchiveError: it cannot be written.
        """
        with self._errors():
            self._connection.execute('PRAGMA incremental_vacuum').fetchall()
            # While another program reads, the log stays; the next time takes it.
            self._connection.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchall()

    def faults(self) -> list[str]:
        """Check the whole file; return what is wrong.

        Raises:
            ArchiveError: it cannot be read.
        """
        with self._errors():
            return faults(self._connection)

    def close(self) -> None:
        """Close it; may be called twice."""
        self._connection.close()

    def _prepare(self, writable: bool) -> None:
        self._connection.row_factory = sqlite3.Row
        if writable:
            ensure_schema(self._connection, str(self.path))
            for setting in ('foreign_keys = ON', 'synchronous = FULL', 'secure_delete = ON'):
                self._connection.execute(f'PRAGMA {setting}')
        elif not check_schema(self._connection, str(self.path)):
            raise ArchiveError(f'{self.path} is empty')

    def _key(self, name: str) -> int | None:
        row = self._connection.execute(
            'SELECT key FROM conversations WHERE id = ?', (name,)
        ).fetchone()
        return row and int(row[0])

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn what SQLite and the system say into an ArchiveError with a remedy."""
        try:
            yield
        except sqlite3.Error as error:
            text = str(error)
            remedy = next((r for words, r in _REMEDIES.items() if words in text), 'see its cause')
            raise ArchiveError(f'{self.path}: {text}: {remedy}') from error
        except OSError as error:
            raise ArchiveError(
                f'{self.path}: {error.strerror or error}: make its folder writable'
            ) from error
        except (KeyError, ValueError, TypeError) as error:
            raise ArchiveError(
                f'{self.path} holds what this version cannot read ({error!r}): run the '
                'nemotron_agent that wrote it, or delete the conversation'
            ) from error


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner can read; SQLite gives its log the same mode."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
