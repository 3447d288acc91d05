"""The tables of a conversation database.

A conversation has its turns as they were, for people and programs, and its window: what the model
is shown of it, in JSON. All times are Unix time [s].
"""

import sqlite3

from nemotron_agent.core.errors import ArchiveError

APPLICATION_ID = 0x6E656D6F  # "nemo"; tells the file from other SQLite databases
VERSION = 1

_TABLES = """
CREATE TABLE conversations (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    created REAL NOT NULL,
    used REAL NOT NULL,
    tokens INTEGER NOT NULL DEFAULT 0,
    window_messages INTEGER NOT NULL DEFAULT 0,
    window TEXT NOT NULL DEFAULT ''
);
CREATE INDEX conversations_by_use ON conversations (used);
CREATE TABLE turns (
    key INTEGER PRIMARY KEY,
    conversation INTEGER NOT NULL REFERENCES conversations (key) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    started REAL NOT NULL,
    ended REAL NOT NULL,
    origin TEXT NOT NULL,
    status TEXT NOT NULL,
    error TEXT NOT NULL,
    answer TEXT NOT NULL,
    awaits_reply INTEGER NOT NULL,
    messages INTEGER NOT NULL,
    calls INTEGER NOT NULL,
    replies INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    reused_tokens INTEGER NOT NULL,
    new_tokens INTEGER NOT NULL,
    generated_tokens INTEGER NOT NULL,
    decode_calls INTEGER NOT NULL,
    prefill_sec REAL NOT NULL,
    generation_sec REAL NOT NULL,
    time_to_first_token_sec REAL,
    time_to_first_request_sec REAL,
    duration_sec REAL NOT NULL,
    UNIQUE (conversation, number)
);
CREATE TABLE messages (
    turn INTEGER NOT NULL REFERENCES turns (key) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    role TEXT NOT NULL,
    content TEXT NOT NULL,
    reasoning TEXT NOT NULL,
    call_id TEXT,
    call_tool TEXT,
    call_arguments TEXT,
    tool_name TEXT NOT NULL,
    PRIMARY KEY (turn, position)
) WITHOUT ROWID;
CREATE TABLE calls (
    turn INTEGER NOT NULL REFERENCES turns (key) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    call_id TEXT NOT NULL,
    tool TEXT NOT NULL,
    arguments TEXT NOT NULL,
    verdict TEXT NOT NULL,
    verdict_reason TEXT NOT NULL,
    outcome TEXT NOT NULL,
    result TEXT NOT NULL,
    data TEXT NOT NULL,
    duration_sec REAL NOT NULL,
    skipped INTEGER NOT NULL,
    PRIMARY KEY (turn, position)
) WITHOUT ROWID;
"""
# A turn is whole if it has the messages and calls that it says, the first of them a command.
_HALF_TURNS = """
SELECT conversations.id, turns.number FROM turns
LEFT JOIN conversations ON conversations.key = turns.conversation
WHERE conversations.key IS NULL
    OR turns.messages IS NOT (SELECT count(*) FROM messages WHERE turn = turns.key)
    OR turns.calls IS NOT (SELECT count(*) FROM calls WHERE turn = turns.key)
    OR NOT EXISTS (
        SELECT 1 FROM messages WHERE turn = turns.key AND position = 0 AND role = 'user'
    )
"""


def ensure_schema(connection: sqlite3.Connection, path: str) -> None:
    """Make the tables of an empty database; check those of another.

    Raises:
        ArchiveError: it is damaged, not ours, or of a newer version.
        sqlite3.Error: it cannot be read or written.
    """
    if not check_schema(connection, path):
        # Both are settled by the first write and cannot be changed later.
        connection.execute('PRAGMA auto_vacuum = INCREMENTAL')
        connection.execute('PRAGMA journal_mode = WAL')
        connection.executescript(
            f'BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id = {APPLICATION_ID};'
            f' PRAGMA user_version = {VERSION}; COMMIT;'
        )


def check_schema(connection: sqlite3.Connection, path: str) -> bool:
    """Check the tables of a database; return whether there are any.

    Raises:
        ArchiveError: it is damaged, not ours, or of a newer version.
        sqlite3.Error: it cannot be read.
    """
    if not connection.execute('SELECT count(*) FROM sqlite_master').fetchone()[0]:
        return False
    application_id = connection.execute('PRAGMA application_id').fetchone()[0]
    version = connection.execute('PRAGMA user_version').fetchone()[0]
    if application_id != APPLICATION_ID:
        raise ArchiveError(f'{path} is a database of another program: move it away')
    if version > VERSION:
        raise ArchiveError(
            f'{path} is of version {version} and this program knows versions up to {VERSION}: '
            'run the newer nemotron_agent, or move the file away'
        )
    damage = connection.execute('PRAGMA quick_check(1)').fetchone()[0]
    if damage != 'ok':
        raise ArchiveError(f'{path} is damaged ({damage}): move it away')
    return True


def faults(connection: sqlite3.Connection) -> list[str]:
    """Check all there is, thoroughly; return what is wrong.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    found = [row[0] for row in connection.execute('PRAGMA integrity_check') if row[0] != 'ok']
    found += [
        f'{table} has a row that belongs to no {parent}'
        for table, _, parent, _ in connection.execute('PRAGMA foreign_key_check')
    ]
    found += [
        f'turn {number} of conversation "{name}" is not whole'
        for name, number in connection.execute(_HALF_TURNS)
    ]
    return found
