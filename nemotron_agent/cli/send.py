"""`nemotron-agent send`: give a running agent a command and follow it."""

import argparse
import json
import sys
from typing import Any

from rich.console import Console

from nemotron_agent.cli.agent_options import add_agent_options
from nemotron_agent.cli.confirm_prompt import ConfirmPrompt
from nemotron_agent.cli.transcript import Transcript
from nemotron_agent.core.errors import InvalidTaskError

EXIT_FAILED = 1
POLL_SEC = 0.2
THINKING = ('default', 'off', 'on', 'auto')  # in the order of the goal's constants
EPILOG = """\
examples:
  nemotron-agent send "go to the kitchen"
  nemotron-agent send --namespace /r1 --thinking on "fetch the cup and bring it to the dock"
  echo "what can you see?" | nemotron-agent send -

What needs a confirmation is asked for here, or with `nemotron-agent confirm` elsewhere.
Ctrl-C cancels the command, and the skill it runs. The exit status is 0 if it was carried out,
1 if not, 2 if no agent is there.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'send',
        help='give a running agent a command and follow it',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('command', help='what to do; - reads it from standard input')
    add_agent_options(parser)
    parser.add_argument('--conversation', default='', help='conversation it belongs to')
    parser.add_argument('--priority', type=int, default=0, help='higher preempts lower')
    parser.add_argument('--thinking', choices=THINKING, default='default')
    parser.add_argument('--timeout', type=float, default=0.0, help='give up after [s]')
    parser.add_argument('--json', action='store_true', help='print the result as JSON only')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Send one command; return the exit status."""
    from nemotron_agent_interfaces.action import ExecuteTask

    from nemotron_agent.ros.message_conversion import message_to_dict
    from nemotron_agent.ros.operator_client import OperatorClient
    from nemotron_agent.ros.task_client import TaskClient

    command = sys.stdin.read() if args.command == '-' else args.command
    goal = ExecuteTask.Goal(
        task=_utf8(command),
        conversation_id=args.conversation,
        origin='operator',
        priority=args.priority,
        thinking=THINKING.index(args.thinking),
        timeout_sec=args.timeout,
    )
    transcript = Transcript(Console(quiet=args.json, highlight=False), ExecuteTask.Feedback)
    with TaskClient(args.namespace, args.agent) as client:
        transcript.begin(command.strip())
        prompt = ConfirmPrompt(
            OperatorClient(client),
            goal.origin,
            transcript,
            ExecuteTask.Feedback.CONFIRM,
            may_ask=sys.stdin.isatty() and not args.json,
        )

        def on_feedback(feedback: Any) -> None:
            transcript.feedback(feedback)
            prompt.take(feedback)

        task = client.send(goal, on_feedback)
        result = None
        while result is None:
            try:
                result = task.wait(POLL_SEC)
                prompt.look()
            except KeyboardInterrupt:
                transcript.note('cancel', 'asked for; waiting for the robot')
                task.cancel()
        transcript.end(result)
        if args.json:
            print(json.dumps(message_to_dict(result), ensure_ascii=False))
    return 0 if result.error_code == ExecuteTask.Result.NONE else EXIT_FAILED


def _utf8(text: str) -> str:
    """Refuse what the terminal passed on as undecodable bytes."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidTaskError(
            'the command is not UTF-8: check the terminal or the file'
        ) from error
    return text
