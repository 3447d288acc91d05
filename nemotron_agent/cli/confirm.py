"""`nemotron-agent confirm`: approve or deny what waits for an operator."""

import argparse
from typing import TYPE_CHECKING, Any

from nemotron_agent.cli.agent_options import add_operator_options
from nemotron_agent.core.errors import NemotronAgentError

if TYPE_CHECKING:
    from nemotron_agent_interfaces.msg import ActionRequest

    from nemotron_agent.ros.operator_client import OperatorClient

EXIT_NOT_CONFIRMED = 1
QUESTION = 'confirm? [y]es, [n]o, Enter leaves it waiting: '
EPILOG = """\
examples:
  nemotron-agent confirm                   show what waits, and ask about each
  nemotron-agent confirm 3f2a91c0          show one request, and ask
  nemotron-agent confirm 3f2a91c0 --yes    approve it without asking
  nemotron-agent confirm 3f2a91c0 --deny

What is approved is what was shown: the answer names the hash of skill and arguments. The exit
status is 0 if something was approved or denied, 1 if nothing was, 2 if no agent is there or it
refused the answer.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'confirm',
        help='approve or deny what waits for an operator',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('id', nargs='?', help='id of the request, or how it begins')
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        '--yes', dest='approve', action='store_true', help='approve without asking; needs an id'
    )
    choice.add_argument(
        '--deny', dest='approve', action='store_false', help='deny without asking; needs an id'
    )
    add_operator_options(parser)
    parser.set_defaults(run=run, approve=None)


def run(args: argparse.Namespace) -> int:
    """Answer what waits; return the exit status."""
    if args.approve is not None and not args.id:
        raise NemotronAgentError('--yes and --deny need the id of a request')
    from nemotron_agent.ros.client_node import ClientNode
    from nemotron_agent.ros.operator_client import OperatorClient

    with ClientNode(args.namespace, args.agent) as client:
        operator = OperatorClient(client)
        operator.listen()
        requests = _wanted(operator, args.id)
        if not requests:
            print('nothing waits for a confirmation')
        answered = [
            _answer(operator, request, args.approve, args.operator) for request in requests
        ]
    return 0 if any(answered) else EXIT_NOT_CONFIRMED


def _wanted(operator: 'OperatorClient', beginning: str | None) -> 'list[ActionRequest]':
    waiting = operator.waiting
    if beginning is None:
        return waiting
    found = [request for request in waiting if request.request_id.startswith(beginning)]
    if len(found) != 1:
        ids = ', '.join(request.request_id[:8] for request in waiting) or 'none'
        word = 'several requests' if found else 'no request'
        raise NemotronAgentError(f'{word} with the id {beginning} wait; waiting are: {ids}')
    return found


def _answer(
    operator: 'OperatorClient', request: 'ActionRequest', approve: bool | None, operator_id: str
) -> bool:
    """Answer one request, after asking where `approve` is None; return whether it was answered."""
    print(request.text)
    if approve is None:
        approve = as_answer(input(QUESTION))
    if approve is None:
        print('it goes on waiting')
        return False
    operator.answer(request, approve, operator_id)
    print('confirmed' if approve else 'denied')
    return True


def as_answer(line: str) -> bool | None:
    """Read what was typed: yes, no, or None for neither."""
    word = line.strip().lower()
    if word in ('y', 'yes'):
        return True
    return False if word in ('n', 'no') else None
