"""`nemotron-agent stop`: stop the robot, until `nemotron-agent release`."""

import argparse
from typing import Any

from nemotron_agent.cli.agent_options import add_agent_options

TIMEOUT_SEC = 5.0
EPILOG = """\
Everything that moves is cancelled, tasks end, and nothing passes until `nemotron-agent release`.
It is no replacement for the emergency stop of the robot. Exit status: 0 stopped, 2 no agent has
answered.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'stop', help='stop the robot until it is released', epilog=EPILOG
    )
    add_options(parser)
    parser.set_defaults(run=lambda args: call('stop', args))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add which agent it is, and how long to wait for it."""
    add_agent_options(parser)
    parser.add_argument(
        '--timeout', type=float, default=TIMEOUT_SEC, help='give up after [s] (%(default)s)'
    )


def call(service: str, args: argparse.Namespace) -> int:
    """Call a service of the stop and print what it answers; return the exit status."""
    from nemotron_agent.ros.stop_client import call_stop_service

    print(call_stop_service(service, args.namespace, args.agent, args.timeout))
    return 0
