"""`nemotron-agent resources`: who uses which part of the robot, and what stays locked."""

import argparse
from typing import Any

from nemotron_agent.cli.agent_options import add_operator_options

EPILOG = """\
A resource stays locked when a skill was told to end and the robot did not confirm it, as it may
still be moving. It is freed when the skill's server confirms the end. Release it only after you
have seen that the robot stands still.

examples:
  nemotron-agent resources
  nemotron-agent resources --release base
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'resources',
        help='show what the robot uses and what stays locked, and release it',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--release', metavar='NAME', help='free a locked resource, such as base')
    add_operator_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show or release; return the exit status."""
    from nemotron_agent.ros.client_node import ClientNode
    from nemotron_agent.ros.operator_client import OperatorClient

    with ClientNode(args.namespace, args.agent) as client:
        operator = OperatorClient(client)
        if args.release:
            operator.release(args.release, args.operator)
            print(f'{args.release} is free')
            return 0
        resources = operator.resources()
    for name, use in sorted(resources.items()):
        print(f'{name}: {use}')
    if not resources:
        print('nothing is in use')
    return 0
