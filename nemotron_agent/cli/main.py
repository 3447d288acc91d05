"""The command `nemotron-agent`."""

import argparse
import contextlib
import importlib
import os
import pkgutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import nemotron_agent
from nemotron_agent import cli
from nemotron_agent.core.errors import NemotronAgentError

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141
EXIT_TERMINATED = 143

DESCRIPTION = 'A language-model agent that lives on a robot and acts through ROS 2.'
EPILOG = """\
examples:
  nemotron-agent model list                  the models, and which of them are here
  nemotron-agent model pull smollm2-135m     get one (100 MB, for a first try)
  nemotron-agent memory                      what the model will need, and whether it fits
  nemotron-agent demo                        a simulated robot, driven by words
  nemotron-agent send "go to the kitchen"    tell a running agent what to do
  nemotron-agent stop                        stop it at once, until `nemotron-agent release`

`nemotron-agent COMMAND --help` explains a command. Exit status: 0 done, 1 not done, 2 a wrong
call or an error, 130 interrupted, 143 terminated.
"""
REMEDIES = {
    'rclpy': 'source a ROS 2 installation, or run `make setup` and use .venv/bin/nemotron-agent',
    'nemotron_agent_interfaces': 'build it with colcon and source its setup file, or run '
    '`make setup`',
}
OTHER_REMEDY = 'run `make setup`, or install the packages of requirements/runtime.txt with pip'


class Command(Protocol):
    """A module with a command."""

    def add_parser(self, subparsers: Any) -> None:
        """Add its parser, whose default `run` takes the arguments and returns the exit status."""


def main(argv: Sequence[str] | None = None, commands: Mapping[str, Command] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments; those of the process by default.
        commands: the commands by name; by default the modules beside this one.

    Returns:
        The exit status.
    """
    try:
        try:
            with _ending_in_order_on_sigterm():
                return _run(sys.argv[1:] if argv is None else argv, commands)
        finally:
            sys.stdout.flush()
    except NemotronAgentError as error:
        return _fail(str(error))
    except ModuleNotFoundError as error:
        module = (error.name or '').partition('.')[0]
        if module == nemotron_agent.__name__:
            raise
        return _fail(
            f'the Python module {module} is missing: {REMEDIES.get(module, OTHER_REMEDY)}'
        )
    except KeyboardInterrupt:
        print('interrupted', file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read has gone; keep the interpreter from complaining when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE


@contextlib.contextmanager
def _ending_in_order_on_sigterm() -> Iterator[None]:
    """Let a SIGTERM unwind the stack, so that processes started here are ended too."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _: object) -> None:
        # One is enough: `timeout` sends two, and the second must not break off the cleaning up.
        signal.signal(number, signal.SIG_IGN)
        sys.exit(EXIT_TERMINATED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(argv: Sequence[str], commands: Mapping[str, Command] | None) -> int:
    if commands is None:
        commands = find_commands(argv[0] if argv else '')
    parser = build_parser(commands)
    args = parser.parse_args(argv)
    if 'run' not in args:
        parser.print_help()
        return 0
    status: int = args.run(args)
    return status


def build_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Make the parser of all these commands."""
    parser = argparse.ArgumentParser(
        prog='nemotron-agent',
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        '--version', action='version', version=f'%(prog)s {nemotron_agent.__version__}'
    )
    subparsers = parser.add_subparsers(title='commands', metavar='COMMAND')
    for command in commands.values():
        command.add_parser(subparsers)
    return parser


def find_commands(wanted: str) -> dict[str, Command]:
    """Import the command that is wanted, or all if there is none of that name.

    Every module of this package that has `add_parser` is a command of its name.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(cli.__path__))
    found = {}
    for name in [wanted] if wanted in names else names:
        module: Any = importlib.import_module(f'{cli.__name__}.{name}')
        if hasattr(module, 'add_parser'):
            found[name] = module
    return found if found or wanted not in names else find_commands('')


def _fail(text: str) -> int:
    print(f'nemotron-agent: {text}', file=sys.stderr)
    return EXIT_ERROR


if __name__ == '__main__':
    sys.exit(main())
