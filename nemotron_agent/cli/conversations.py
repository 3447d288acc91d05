"""`nemotron-agent conversations`: list, show, export and delete what is kept on disk."""

import argparse
import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nemotron_agent.core.json_text import encodable

if TYPE_CHECKING:
    from nemotron_agent.cli.kept_conversations import Found

EXIT_NOT_DONE = 1
EPILOG = """\
examples:
  nemotron-agent conversations list                        whose there are, how long, how old
  nemotron-agent conversations show default --last 3       the last turns, with calls and costs
  nemotron-agent conversations show default --json | jq '.turns[-1].answer'
  nemotron-agent conversations export > turns.jsonl        all of them, a line for each turn
  nemotron-agent conversations export kitchen --format markdown --output kitchen.md
  nemotron-agent conversations delete kitchen              asks first; --yes does not

Each node keeps its conversations in a file of its own under $NEMOTRON_AGENT_STATE, or else in
~/.local/state/nemotron_agent. All of this works while the node runs. A node that runs goes on with
a conversation that it has in memory, deleted or not: the service ~/clear_conversation has it
forget one for good. How long conversations are kept is for the node's parameters
keep_conversations_days and conversations_mb.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'conversations',
        help='list, show, export and delete the conversations on disk',
        description='List, show, export and delete the conversations that nodes keep on disk.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar='ACTION', required=True)

    action = actions.add_parser('list', help='show which there are')
    action.add_argument('--json', action='store_true', help='print a JSON list')
    _add_node(action)
    action.set_defaults(run=run_list)

    action = actions.add_parser('show', help='show what was said and done in one')
    action.add_argument('id', metavar='ID', help='its name')
    action.add_argument('--last', type=int, metavar='N', help='the last N turns only')
    action.add_argument('--json', action='store_true', help='print a JSON object')
    _add_node(action)
    action.set_defaults(run=run_show)

    action = actions.add_parser('export', help='write whole conversations')
    action.add_argument('ids', nargs='*', metavar='ID', help='name; without one, all')
    action.add_argument(
        '--format',
        choices=('jsonl', 'markdown'),
        default='jsonl',
        help='a line of JSON for each turn, or a text to read (%(default)s)',
    )
    action.add_argument('--output', type=Path, metavar='FILE', help='instead of standard output')
    _add_node(action)
    action.set_defaults(run=run_export)

    action = actions.add_parser('delete', help='delete conversations from the disk')
    action.add_argument('ids', nargs='*', metavar='ID', help='name')
    action.add_argument('--all', action='store_true', help='all of them, instead of names')
    action.add_argument('--yes', action='store_true', help='do not ask')
    _add_node(action)
    action.set_defaults(run=run_delete)


def run_list(args: argparse.Namespace) -> int:
    """Print what there is; 2 if some of it cannot be read."""
    from rich.console import Console

    from nemotron_agent.archive.node_files import conversation_folder
    from nemotron_agent.cli.conversation_display import conversation_table
    from nemotron_agent.cli.conversation_export import entry_values
    from nemotron_agent.cli.kept_conversations import conversations_in, files_of
    from nemotron_agent.cli.main import EXIT_ERROR
    from nemotron_agent.core.errors import ArchiveError

    every, status = [], 0
    for files in files_of(args.node):
        try:
            every += conversations_in(files)
        except ArchiveError as error:
            print(f'nemotron-agent: {error}', file=sys.stderr)
            status = EXIT_ERROR
    if args.json:
        print(json.dumps([entry_values(found) for found in every], indent=2, ensure_ascii=False))
    elif every:
        Console(highlight=False).print(conversation_table(every))
    else:
        print(f'no conversations are kept in {conversation_folder()}')
    return status


def run_show(args: argparse.Namespace) -> int:
    """Print one conversation."""
    from rich.console import Console

    from nemotron_agent.cli.conversation_display import show_conversation
    from nemotron_agent.cli.conversation_export import entry_values, turn_values
    from nemotron_agent.cli.kept_conversations import find
    from nemotron_agent.core.conversation import Conversation

    (found,) = find([args.id], args.node)
    with found.open() as database:
        turns = database.turns(args.id, args.last)
        window = database.window(args.id) or Conversation(args.id)
    if args.json:
        values = {
            **entry_values(found),
            'left_out': window.left_out.note,
            'turns': [turn_values(turn) for turn in turns],
        }
        print(json.dumps(values, indent=2))
    else:
        show_conversation(Console(highlight=False), found, window, turns)
    return 0


def run_export(args: argparse.Namespace) -> int:
    """Write conversations."""
    from nemotron_agent.cli.kept_conversations import find
    from nemotron_agent.core.errors import ArchiveError

    every = find(args.ids, args.node)
    lines = _lines(every, args.format)
    if args.output is None:
        for line in lines:
            print(line)
        return 0
    try:
        with args.output.open('w', encoding='utf-8') as file:
            file.writelines(f'{line}\n' for line in lines)
    except OSError as error:
        raise ArchiveError(
            f'{args.output} cannot be written: {error.strerror}: name another --output'
        ) from error
    return 0


def run_delete(args: argparse.Namespace) -> int:
    """Delete conversations; 1 if the user said no."""
    from nemotron_agent.cli.kept_conversations import find
    from nemotron_agent.core.errors import ArchiveError

    if bool(args.ids) == args.all:
        raise ArchiveError('give the names of the conversations to delete, or --all')
    every = find(args.ids, args.node)
    if not args.yes and not _agreed([found.label for found in every]):
        print('nothing is deleted')
        return EXIT_NOT_DONE
    for found in every:
        with found.open(writable=True) as database:
            with database.transaction():
                database.remove(found.entry.id)
            database.shrink()
        print(f'deleted {found.label}: {found.entry.turns} turns')
        if found.holder is not None:
            print(
                f'  process {found.holder.process_id} runs {found.files.node} and may have it in '
                'memory, go on with it there and keep what follows; to end that:\n'
                f'  ros2 service call {found.files.node}/clear_conversation '
                'nemotron_agent_interfaces/srv/ClearConversation '
                + shlex.quote(json.dumps({'conversation_id': found.entry.id}))
            )
    return 0


def _add_node(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        '--node', metavar='NAME', help='full name of the node, such as /r1/nemotron_agent'
    )


def _lines(every: Sequence['Found'], kind: str) -> Iterator[str]:
    """The lines of an export."""
    from nemotron_agent.cli.conversation_export import markdown, turn_values

    for found in every:
        with found.open() as database:
            turns = database.turns(found.entry.id)
        if kind == 'markdown':
            yield from map(encodable, markdown(found, turns))
            yield ''
        else:
            whose = {'node': found.files.node, 'conversation': found.entry.id}
            for turn in turns:
                yield json.dumps({**whose, **turn_values(turn)})


def _agreed(labels: list[str]) -> bool:
    """Ask whether these are to be deleted.

    Raises:
        ArchiveError: nobody can be asked.
    """
    from nemotron_agent.core.errors import ArchiveError

    if not sys.stdin.isatty():
        raise ArchiveError('nobody is here to be asked whether to delete: give --yes')
    print('\n'.join(labels))
    return input('Delete these for good? [y/N] ').strip().lower() in ('y', 'yes')
