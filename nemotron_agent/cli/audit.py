"""`nemotron-agent audit`: check, read and export the record."""

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from nemotron_agent.cli.audit_filter import AuditFilter, read_time

if TYPE_CHECKING:
    from nemotron_agent.safety.audit_entry import AuditEntry
    from nemotron_agent.safety.audit_reader import AuditLine

EXIT_BROKEN = 1
EPILOG = """\
examples:
  nemotron-agent audit verify                       is the record as it was written?
  nemotron-agent audit verify --noted 5e88...       and does it hold what I noted down?
  nemotron-agent audit show --denied --since 1d     what was refused in the last day
  nemotron-agent audit show --task 3f2a --skill navigate_to
  nemotron-agent audit show --origin action:anna --since 2026-01-31T12:00
  nemotron-agent audit export --format csv --output record.csv

RECORD is the folder of a record, one file of it, or a folder of records; by default what is in
$NEMOTRON_AGENT_STATE/audit, or else in ~/.local/state/nemotron_agent/audit. All of this works
while the node runs.

Each entry carries the hash of the one before, so that a change shows. Who may write to the disk
could write all of it anew: note the last hash that `verify` prints where they cannot reach it, and
check it later with --noted. docs/safety.md says what the entries are and how to check them by
other means.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'audit',
        help='check, read and export the record of what was ordered, decided and done',
        description='Check, read and export the record of what was ordered, decided and done.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar='ACTION', required=True)

    action = actions.add_parser(
        'verify',
        help='check that nothing was changed, removed or added',
        description='Check that nothing of a record was changed, removed or added; name the file '
        'and the line of the first break. Exit status: 0 whole, 1 not.',
    )
    _add_record(action)
    action.add_argument('--noted', default='', metavar='HASH', help='one that must be there')
    action.add_argument('--json', action='store_true', help='print a line of JSON a record')
    action.set_defaults(run=run_verify)

    action = actions.add_parser('show', help='read it', description='Print entries, one a line.')
    _add_record(action)
    _add_filters(action)
    action.add_argument('--last', type=int, metavar='N', help='the last N of them only')
    action.set_defaults(run=run_show)

    action = actions.add_parser('export', help='write entries as CSV or JSON')
    _add_record(action)
    _add_filters(action)
    action.add_argument(
        '--format', choices=('json', 'csv'), default='json', help='a line each (%(default)s)'
    )
    action.add_argument('--output', type=Path, metavar='FILE', help='instead of standard output')
    action.set_defaults(run=run_export)


def run_verify(args: argparse.Namespace) -> int:
    """Check records; 1 if one is broken."""
    from nemotron_agent.cli.audit_records import find_records
    from nemotron_agent.safety.audit_check import check_record

    status = 0
    for record in find_records(args.record):
        found = check_record(record, args.noted)
        last_hash = found.last.hash if found.last else ''
        if args.json:
            values = {
                'record': str(record),
                'whole': found.broken is None,
                'files': found.files,
                'entries': found.entries,
                'last_hash': last_hash,
                'remarks': found.remarks,
                'broken': found.broken
                and {
                    'file': str(found.broken.path),
                    'line': found.broken.line,
                    'reason': found.broken.reason,
                },
            }
            print(json.dumps(values))
        elif found.broken:
            print(f'broken: {found.broken}')
        else:
            print(f'{record}: whole, {found.entries} entries, files: {found.files}')
            print(f'  last hash {last_hash}')
        if not args.json:
            for remark in found.remarks:
                print(f'  {remark}')
        status = EXIT_BROKEN if found.broken else status
    return status


def run_show(args: argparse.Namespace) -> int:
    """Print entries."""
    import collections

    from rich.console import Console

    from nemotron_agent.cli.audit_display import print_entries

    entries = _chosen(args)
    if args.last is not None:
        entries = iter(collections.deque(entries, maxlen=max(0, args.last)))
    if not print_entries(Console(highlight=False), entries):
        print('no entry fits', file=sys.stderr)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write entries."""
    from nemotron_agent.cli.audit_export import write_csv, write_json

    with _output(args.output) as file:
        write = write_csv if args.format == 'csv' else write_json
        write(file, _chosen(args))
    return 0


def _add_record(action: argparse.ArgumentParser) -> None:
    action.add_argument('record', nargs='?', type=Path, metavar='RECORD', help='folder or file')


def _add_filters(action: argparse.ArgumentParser) -> None:
    action.add_argument('--task', default='', metavar='ID', help='of one task; its beginning does')
    action.add_argument('--origin', default='', help='of who asked, such as action:anna or action')
    action.add_argument('--skill', default='', metavar='NAME', help='of one skill')
    action.add_argument('--since', type=read_time, metavar='TIME', help='not before')
    action.add_argument('--until', type=read_time, metavar='TIME', help='not after')
    action.add_argument('--denied', action='store_true', help='only what was refused')


def _chosen(args: argparse.Namespace) -> 'Iterator[AuditEntry]':
    from nemotron_agent.cli.audit_records import one_record
    from nemotron_agent.safety.audit_reader import read_entries

    names = ('task', 'origin', 'skill', 'since', 'until', 'denied')
    chosen = AuditFilter(**{name: getattr(args, name) for name in names if getattr(args, name)})
    return chosen.choose(read_entries(one_record(args.record), _tell_broken))


def _tell_broken(line: 'AuditLine') -> None:
    print(f'nemotron-agent: {line.path}:{line.number}: {line.problem}', file=sys.stderr)


@contextlib.contextmanager
def _output(path: Path | None) -> Iterator[IO[str]]:
    from nemotron_agent.core.errors import ConfigurationError

    if path is None:
        yield sys.stdout
        return
    try:
        # A table has line ends of its own.
        with path.open('w', encoding='utf-8', newline='') as file:
            yield file
    except OSError as error:
        raise ConfigurationError(
            f'{path} cannot be written: {error.strerror}: name another --output'
        ) from error
