"""Conversations as JSON values and as Markdown."""

import dataclasses
import datetime
from collections.abc import Iterable, Iterator
from typing import Any

from nemotron_agent.cli.kept_conversations import Found
from nemotron_agent.core.conversation_archive import FinishedTurn
from nemotron_agent.core.conversation_json import message_to_json
from nemotron_agent.core.task import CallRecord, TaskStatus


def utc(time_sec: float) -> datetime.datetime:
    """A Unix time [s] as a date."""
    return datetime.datetime.fromtimestamp(time_sec, datetime.timezone.utc)


def entry_values(found: Found) -> dict[str, Any]:
    """What is known of a conversation without reading it."""
    values = {'node': found.files.node, **dataclasses.asdict(found.entry)}
    for name in ('created', 'used'):
        values[name] = utc(values[name]).isoformat()
    return {**values, 'held_by_process': found.holder.process_id if found.holder else None}


def turn_values(turn: FinishedTurn) -> dict[str, Any]:
    """All of a turn."""
    result = turn.result
    return {
        'started': utc(turn.started).isoformat(),
        'ended': utc(turn.ended).isoformat(),
        'origin': turn.origin,
        'status': result.status.name.lower(),
        'answer': result.answer,
        'error': result.error,
        'awaits_reply': result.awaits_reply,
        'messages': [message_to_json(message) for message in turn.messages],
        'calls': [_call_values(record) for record in result.calls],
        'stats': dataclasses.asdict(result.stats),
    }


def markdown(found: Found, turns: Iterable[FinishedTurn]) -> Iterator[str]:
    """The lines of a conversation as it was, without what the model thought."""
    yield f'# {found.entry.id}'
    yield ''
    yield f'Node `{found.files.node}`, {found.entry.turns} turns.'
    for turn in turns:
        yield ''
        yield f'## {utc(turn.started):%Y-%m-%d %H:%M:%S} UTC, {turn.origin}'
        yield ''
        yield from (f'> {line}' for line in turn.messages[0].content.splitlines())
        yield ''
        for record in turn.result.calls:
            yield f'- `{record.call.name} {record.call.arguments_json}`: {call_outcome(record)}'
        if turn.result.calls:
            yield ''
        yield how_it_ended(turn)


def call_outcome(record: CallRecord) -> str:
    """What came of a call, in a line."""
    verdict = record.verdict.name.lower()
    reason = f' ({record.verdict_reason})' if record.verdict_reason else ''
    text = ' '.join(record.result.text.split())
    outcome = record.result.outcome.value
    return f'{verdict}{reason}, {outcome} after {record.duration_sec:.1f} s: {text}'


def how_it_ended(turn: FinishedTurn) -> str:
    """The answer, or why there is none."""
    result = turn.result
    if result.status is TaskStatus.DONE:
        return result.answer
    why = result.error or result.answer
    return f'{result.status.name.lower()}: {why}'


def _call_values(record: CallRecord) -> dict[str, Any]:
    return {
        'request_id': record.request_id,
        'id': record.call.id,
        'tool': record.call.name,
        'arguments': dict(record.call.arguments),
        'verdict': record.verdict.name.lower(),
        'verdict_reason': record.verdict_reason,
        'outcome': record.result.outcome.value,
        'result': record.result.text,
        'data': dict(record.result.data),
        'duration_sec': record.duration_sec,
        'skipped': record.skipped,
    }
