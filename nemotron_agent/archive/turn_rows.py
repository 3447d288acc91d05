"""A finished turn as rows of the database, and back."""

import dataclasses
import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from nemotron_agent.archive.column_json import dump
from nemotron_agent.core.chat_model import Usage
from nemotron_agent.core.conversation_archive import FinishedTurn
from nemotron_agent.core.gate import Verdict
from nemotron_agent.core.json_text import encodable
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.task import CallRecord, TaskResult, TaskStats, TaskStatus
from nemotron_agent.core.tool import Outcome, ToolResult

_USAGE = tuple(field.name for field in dataclasses.fields(Usage))


def insert_turn(connection: sqlite3.Connection, conversation: int, turn: FinishedTurn) -> None:
    """Add a turn after the last one of a conversation, which is given by its key."""
    result, stats = turn.result, turn.result.stats
    (number,) = connection.execute(
        'SELECT coalesce(max(number), 0) + 1 FROM turns WHERE conversation = ?', (conversation,)
    ).fetchone()
    key = _insert(
        connection,
        'turns',
        conversation=conversation,
        number=number,
        started=turn.started,
        ended=turn.ended,
        origin=turn.origin,
        status=result.status.name.lower(),
        error=result.error,
        answer=result.answer,
        awaits_reply=result.awaits_reply,
        messages=len(turn.messages),
        calls=len(result.calls),
        replies=stats.turns,
        time_to_first_token_sec=stats.time_to_first_token_sec,
        time_to_first_request_sec=stats.time_to_first_request_sec,
        duration_sec=stats.duration_sec,
        **{name: getattr(stats.usage, name) for name in _USAGE},
    )
    for position, message in enumerate(turn.messages):
        call = message.tool_call
        _insert(
            connection,
            'messages',
            turn=key,
            position=position,
            role=message.role,
            content=message.content,
            reasoning=message.reasoning,
            call_id=call.id if call else None,
            call_tool=call.name if call else None,
            call_arguments=dump(dict(call.arguments)) if call else None,
            tool_name=message.tool_name,
        )
    for position, record in enumerate(result.calls):
        _insert(
            connection,
            'calls',
            turn=key,
            position=position,
            request_id=record.request_id,
            call_id=record.call.id,
            tool=record.call.name,
            arguments=dump(dict(record.call.arguments)),
            verdict=record.verdict.name.lower(),
            verdict_reason=record.verdict_reason,
            outcome=record.result.outcome.value,
            result=record.result.text,
            data=dump(dict(record.result.data)),
            duration_sec=record.duration_sec,
            skipped=record.skipped,
        )


def read_turns(
    connection: sqlite3.Connection, conversation: int, last: int | None = None
) -> Iterator[FinishedTurn]:
    """The last turns of a conversation, or all, oldest first; rows must come by name."""
    for row in connection.execute(
        'SELECT * FROM (SELECT * FROM turns WHERE conversation = ? ORDER BY number DESC LIMIT ?)'
        ' ORDER BY number',
        (conversation, -1 if last is None else last),
    ):
        stats = TaskStats(
            turns=row['replies'],
            usage=Usage(**{name: row[name] for name in _USAGE}),
            time_to_first_token_sec=row['time_to_first_token_sec'],
            time_to_first_request_sec=row['time_to_first_request_sec'],
            duration_sec=row['duration_sec'],
        )
        result = TaskResult(
            status=TaskStatus[row['status'].upper()],
            error=row['error'],
            answer=row['answer'],
            awaits_reply=bool(row['awaits_reply']),
            calls=tuple(map(_call, _rows_of(connection, 'calls', row['key']))),
            stats=stats,
        )
        messages = tuple(map(_message, _rows_of(connection, 'messages', row['key'])))
        yield FinishedTurn(messages, row['origin'], result, row['started'], row['ended'])


def _insert(connection: sqlite3.Connection, table: str, **values: Any) -> int:
    """Insert a row; return its key."""
    marks = ', '.join('?' * len(values))
    cursor = connection.execute(
        f'INSERT INTO {table} ({", ".join(values)}) VALUES ({marks})',
        [encodable(value) if isinstance(value, str) else value for value in values.values()],
    )
    return cursor.lastrowid or 0


def _rows_of(connection: sqlite3.Connection, table: str, turn: int) -> Iterator[sqlite3.Row]:
    return connection.execute(f'SELECT * FROM {table} WHERE turn = ? ORDER BY position', (turn,))


def _message(row: sqlite3.Row) -> Message:
    call = None
    if row['call_tool'] is not None:
        call = ToolCall(row['call_id'], row['call_tool'], json.loads(row['call_arguments']))
    return Message(row['role'], row['content'], call, row['tool_name'], row['reasoning'])


def _call(row: sqlite3.Row) -> CallRecord:
    return CallRecord(
        request_id=row['request_id'],
        call=ToolCall(row['call_id'], row['tool'], json.loads(row['arguments'])),
        verdict=Verdict[row['verdict'].upper()],
        verdict_reason=row['verdict_reason'],
        result=ToolResult(Outcome(row['outcome']), row['result'], json.loads(row['data'])),
        duration_sec=row['duration_sec'],
        skipped=bool(row['skipped']),
    )
