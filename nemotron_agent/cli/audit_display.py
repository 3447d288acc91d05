"""A record for people at a terminal."""

import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from nemotron_agent.cli.terminal_text import plain
from nemotron_agent.safety.audit_entry import AuditEntry

SHORT_ID = 8
MAX_CHARACTERS = 300
EVENT_WIDTH = 13
_BAD_STATES = ('denied', 'aborted', 'rejected', 'timed_out', 'unavailable')

Fields = Mapping[str, Any]


def print_entries(console: Console, entries: Iterable[AuditEntry]) -> int:
    """Print a line for each entry; return how many there were."""
    count = 0
    for entry in entries:
        count += 1
        console.print(entry_line(entry), soft_wrap=True)
    return count


def entry_line(entry: AuditEntry) -> Text:
    """Time, event, task and what happened."""
    fields = entry.fields
    describe = _TEXTS.get(entry.event, _all_fields)
    text = ' '.join(str(describe(fields)).split())
    if len(text) > MAX_CHARACTERS:
        text = f'{text[:MAX_CHARACTERS]}...'
    task = str(fields.get('task') or '')[:SHORT_ID]
    return Text.assemble(
        (f'{_local(entry.time)} ', 'dim'),
        (f'{entry.event:<{EVENT_WIDTH}}', 'bold'),
        plain(f'{task:<{SHORT_ID + 1}}', 'dim'),
        plain(text, _style(entry)),
    )


def _style(entry: AuditEntry) -> str:
    fields = entry.fields
    if entry.event in ('stop', 'refused', 'lost', 'repaired'):
        return 'red'
    if entry.event == 'verdict':
        return {'allow': 'green', 'clamp': 'yellow'}.get(str(fields.get('verdict')), 'red')
    if entry.event == 'state' and fields.get('state') in ('unknown', *_BAD_STATES):
        return 'yellow'
    return ''


def _local(time: str) -> str:
    try:
        at = datetime.datetime.strptime(time, '%Y-%m-%dT%H:%M:%S.%f%z').astimezone()
    except ValueError:
        return time
    return f'{at:%Y-%m-%d %H:%M:%S.%f}'[:-3]


def _call(fields: Fields, arguments: str = 'arguments') -> str:
    return f'{fields["skill"]} {json.dumps(fields[arguments], ensure_ascii=False)}'


def _because(fields: Fields, *names: str) -> str:
    return ''.join(f', {fields[name]}' for name in names if fields.get(name))


def _verdict(fields: Fields) -> str:
    changed = fields['run_with'] != fields['arguments']
    run_with = f' as {json.dumps(fields["run_with"], ensure_ascii=False)}' if changed else ''
    rule = f' by {fields["rule"]}' if fields['rule'] else ''
    why = _because(fields, 'reason')
    return f'{fields["verdict"]}{rule}: {_call(fields)}{run_with} for {fields["origin"]}{why}'


def _state(fields: Fields) -> str:
    goal = f' (goal {fields["goal"][:SHORT_ID]})' if fields.get('goal') else ''
    return f'{fields["skill"]} {fields["state"]}{goal}{_because(fields, "text")}'


def _confirmation(fields: Fields) -> str:
    word = 'approved' if fields['approved'] else 'not approved'
    return f'{word}: {_call(fields)}{_because(fields, "text")}'


def _start(fields: Fields) -> str:
    model = fields.get('model') or {}
    names = [tool['name'] for tool in fields.get('tools') or ()]
    return f'{fields.get("node")} with {model.get("name")}; tools: {", ".join(names)}'


def _end_of_task(fields: Fields) -> str:
    return f'{fields["status"]}: {fields["error"] or fields["answer"]}'


def _all_fields(fields: Fields) -> str:
    return ', '.join(f'{name} {value}' for name, value in fields.items() if name != 'task')


_TEXTS: dict[str, Callable[[Fields], str]] = {
    'begin': lambda fields: f'file {fields.get("file")} of {fields.get("node")}',
    'start': _start,
    'end': lambda fields: 'the node ends',
    'command': lambda fields: f'"{fields["text"]}" by {fields["origin"]}',
    'refused': lambda f: f'"{f["text"]}" by {f["origin"]}, not taken: {f["reason"]}',
    'task': lambda fields: f'begins in "{fields["conversation"]}"',
    'call': lambda fields: f'{_call(fields)}: {fields["outcome"]}{_because(fields, "text")}',
    'task_end': _end_of_task,
    'verdict': _verdict,
    'state': _state,
    'confirmation': _confirmation,
    'stop': lambda f: f'stopped by {f["reason"]}, {f["calls"]} calls cancelled',
    'release': lambda fields: 'released',
}
