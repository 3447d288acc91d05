"""Options of the commands that talk to a running agent."""

import argparse
import getpass


def add_agent_options(parser: argparse.ArgumentParser) -> None:
    """Add which agent it is."""
    parser.add_argument('--namespace', default='', help='namespace of the agent, such as /r1')
    parser.add_argument('--agent', default='nemotron_agent', help='name of the agent node')


def add_operator_options(parser: argparse.ArgumentParser) -> None:
    """Add which agent it is, and who talks to it."""
    add_agent_options(parser)
    parser.add_argument(
        '--operator', default=getpass.getuser(), help='who decides, for the record (%(default)s)'
    )
