"""Conversations for people at a terminal."""

import datetime
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from nemotron_agent.cli.conversation_export import call_outcome, how_it_ended
from nemotron_agent.cli.kept_conversations import Found
from nemotron_agent.cli.terminal_text import plain
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_archive import FinishedTurn

LABEL_WIDTH = 10


def conversation_table(every: Iterable[Found]) -> Table:
    """A row for each."""
    table = Table('conversation', 'node', 'turns', 'tokens', 'last used', 'held by')
    table.columns[0].overflow = 'fold'
    for column in table.columns[1:]:
        column.no_wrap = True
    for found in every:
        holder = f'process {found.holder.process_id}' if found.holder else ''
        table.add_row(
            plain(found.entry.id),
            plain(found.files.node),
            str(found.entry.turns),
            str(found.entry.tokens),
            f'{_local(found.entry.used):%Y-%m-%d %H:%M}',
            holder,
        )
    return table


def show_conversation(
    console: Console, found: Found, window: Conversation, turns: Iterable[FinishedTurn]
) -> None:
    """Print turns, and what the model is told in place of those left out."""
    entry = found.entry
    console.print(
        plain(
            f'{found.label}: {entry.turns} turns, {entry.tokens} tokens, '
            f'last used {_local(entry.used):%Y-%m-%d %H:%M}'
        ),
        style='bold',
    )
    if window.left_out.note:
        _print(console, 'left out', window.left_out.note, 'dim')
    for turn in turns:
        usage = turn.result.stats.usage
        console.print()
        console.print(
            plain(
                f'{_local(turn.started):%Y-%m-%d %H:%M:%S}, by {turn.origin}: '
                f'{turn.result.stats.duration_sec:.1f} s, {usage.new_tokens} of '
                f'{usage.prompt_tokens} tokens read, {usage.generated_tokens} written'
            ),
            style='dim',
        )
        for label, text, style in _lines(turn):
            _print(console, label, text, style)


def _lines(turn: FinishedTurn) -> Iterator[tuple[str, str, str]]:
    """What was said and done, with labels and styles."""
    records = {record.call.id: record for record in turn.result.calls}
    for number, message in enumerate(turn.messages):
        if message.role == 'user':
            yield ('told', message.content, 'dim') if number else ('command', message.content, '')
        if message.reasoning:
            yield 'thinking', message.reasoning, 'dim'
        if message.tool_call is not None:
            call = message.tool_call
            yield 'call', f'{call.name} {call.arguments_json}', 'cyan'
            if call.id in records:
                yield '', call_outcome(records[call.id]), 'dim'
    yield 'answer', how_it_ended(turn), 'green' if not turn.result.error else 'yellow'


def _print(console: Console, label: str, text: str, style: str) -> None:
    line = Text.assemble((f'{label:<{LABEL_WIDTH}}', 'bold'), plain(text, style))
    console.print(line, soft_wrap=True)


def _local(time_sec: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(time_sec)
