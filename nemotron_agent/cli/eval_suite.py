"""The suite of `nemotron-agent eval`: a file of our own form, or public cases."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from nemotron_agent.core.errors import ConfigurationError

if TYPE_CHECKING:
    from nemotron_agent.evaluation.robot import InputsOf
    from nemotron_agent.evaluation.suite import Suite

SUITE, BFCL = FORMATS = ('suite', 'bfcl')
LEFT_OUT_SHOWN = 5


def add_suite_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which conversations."""
    parser.add_argument('suite', help='name of a shipped suite, or a file or folder')
    parser.add_argument(
        '--format',
        choices=FORMATS,
        default=SUITE,
        help='bfcl: a folder of function-calling cases in that form, held dry (%(default)s)',
    )
    parser.add_argument('--skills', type=Path, help="skill manifest (the suite's robot's)")
    parser.add_argument('--places', type=Path, help="places file (the suite's robot's)")
    parser.add_argument('--system-prompt', type=Path, metavar='FILE', help='(the one shipped)')
    parser.add_argument(
        '--only', nargs='+', default=[], metavar='TAG|ID', help='conversations to hold'
    )
    parser.add_argument('--dry', action='store_true', help='without ROS and robot')


def chosen_suite(args: argparse.Namespace, console: Console) -> 'Suite':
    """Read the suite.

    Raises:
        ConfigurationError: it cannot be used.
    """
    suite = _bfcl(args, console) if args.format == BFCL else _own(args)
    return suite.only(args.only)


def is_dry(args: argparse.Namespace) -> bool:
    """Whether no robot is to be simulated; functions of public cases have none."""
    return bool(args.dry) or args.format == BFCL


def _own(args: argparse.Namespace) -> 'Suite':
    from nemotron_agent.evaluation.robot import RobotFiles, declared_inputs
    from nemotron_agent.evaluation.suite import load_suite

    inputs_of: InputsOf = declared_inputs
    if not args.dry:
        try:
            import nemotron_agent.evaluation.simulated_body  # noqa: F401 (better now than later)
            from nemotron_agent.ros.interface_schema import complete_inputs
        except ModuleNotFoundError as error:
            raise ConfigurationError(
                f'the Python module {error.name} is missing: source a ROS 2 installation, or '
                'use --dry, which needs neither ROS nor a robot'
            ) from error
        inputs_of = complete_inputs
    files = RobotFiles(args.skills, args.places, args.system_prompt)
    return load_suite(args.suite, files, inputs_of)


def _bfcl(args: argparse.Namespace, console: Console) -> 'Suite':
    from nemotron_agent.core.system_prompt import read_system_prompt
    from nemotron_agent.evaluation.bfcl import SYSTEM_PROMPT, load_bfcl

    for name in ('skills', 'places'):
        if getattr(args, name) is not None:
            raise ConfigurationError(
                f'--{name} is of no use with --format bfcl, whose cases bring their functions: '
                'leave it out'
            )
    prompt = read_system_prompt(args.system_prompt) if args.system_prompt else SYSTEM_PROMPT
    cases = load_bfcl(Path(args.suite).expanduser(), prompt)
    for reason in cases.left_out[:LEFT_OUT_SHOWN]:
        console.print(f'left out: {reason}', style='dim', soft_wrap=True, markup=False)
    if len(cases.left_out) > LEFT_OUT_SHOWN:
        console.print(f'{len(cases.left_out)} cases are left out in all', style='dim')
    return cases.suite
