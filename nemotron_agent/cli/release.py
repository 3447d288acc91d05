"""`nemotron-agent release`: let a stopped robot move again."""

from typing import Any

from nemotron_agent.cli.stop import add_options, call

EPILOG = """\
Nothing goes on by itself: what ran and what waited at the stop has ended. Exit status: 0 released,
or it was not stopped, 2 no agent has answered.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser('release', help='let a stopped robot move again', epilog=EPILOG)
    add_options(parser)
    parser.set_defaults(run=lambda args: call('release_stop', args))
