"""`nemotron-agent eval`: how often does the agent do what it was told?"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from nemotron_agent.cli.benches.figure import exit_status, figure_table
from nemotron_agent.cli.eval_model import EvaluatedModel, add_model_arguments, evaluated_model
from nemotron_agent.cli.eval_suite import add_suite_arguments, chosen_suite, is_dry
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import state_directory

if TYPE_CHECKING:
    from nemotron_agent.evaluation.body import Body
    from nemotron_agent.evaluation.measures import Measures
    from nemotron_agent.evaluation.result_log import ResultLog
    from nemotron_agent.evaluation.run_settings import RunSettings
    from nemotron_agent.evaluation.suite_run import ScoredTurn, SuiteRun

RESULTS = 'results.jsonl'
ROBOT_LOG = 'simulated_robot.log'
EPILOG = """\
A suite is YAML: conversations, and what is right to do in each. docs/evaluation.md explains it.
Finished conversations are kept, so that an interrupted run goes on where it stopped.

examples:
  nemotron-agent eval test                       the shipped suite, on a simulated robot
  nemotron-agent eval test --dry --only multi    some of it, without ROS
  nemotron-agent eval my_suite.yaml --skills my_skills.yaml --places my_places.yaml --dry
  nemotron-agent eval test --report report       write report/report.html and report.md too
  nemotron-agent eval bfcl_folder --format bfcl  public cases

Exit status: 0 all goals reached, 1 one is missed, 2 a wrong call or an error.
"""


def add_parser(subparsers: 'argparse._SubParsersAction[argparse.ArgumentParser]') -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'eval',
        help='measure how well a model obeys, with a suite of commands',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_suite_arguments(parser)
    add_model_arguments(parser)
    parser.add_argument('--repeat', type=_positive, default=1, metavar='N', help='times (1)')
    parser.add_argument('--report', type=Path, metavar='DIR', help='write a report into a folder')
    parser.add_argument(
        '--against', type=Path, metavar='FILE', help='results.jsonl of a run with --endpoint'
    )
    parser.add_argument('--fresh', action='store_true', help='hold all conversations again')
    parser.add_argument('--json', action='store_true', help='print a line of JSON for each figure')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Hold the conversations; return 1 if a goal is missed."""
    from nemotron_agent.cli.eval_figures import (
        figures_of,
        group_table,
        print_wrong,
        value_text,
    )
    from nemotron_agent.evaluation.measures import by_robot, by_tag
    from nemotron_agent.evaluation.report import write_report
    from nemotron_agent.evaluation.result_log import ResultLog
    from nemotron_agent.evaluation.suite_run import SuiteRun

    console = Console(stderr=True, highlight=False)
    suite = chosen_suite(args, console)
    model = evaluated_model(args)
    settings = _settings(args, model)
    folder = args.report or _state_folder(suite.name)
    log = ResultLog(folder / RESULTS)
    suite_run = SuiteRun(suite, settings, log, args.repeat, args.fresh)
    console.print(
        f'{suite_run.conversations} conversations, {suite_run.resumed} of them held before; '
        f'results: {log.path}',
        style='dim',
        soft_wrap=True,
    )
    if suite_run.pending:
        _hold(args, suite_run, model, folder, console)
    turns = suite_run.scored
    figures = figures_of(turns, _server(args, suite_run, log))
    if args.report is not None:
        for path in write_report(args.report, suite.name, settings, turns, figures):
            console.print(f'wrote {path}', style='dim', soft_wrap=True)
    if args.json:
        print('\n'.join(figure.to_json() for figure in figures))
    else:
        out = Console(highlight=False)
        print_wrong(out, turns)
        for table in (group_table('tag', by_tag(turns)), group_table('robot', by_robot(turns))):
            out.print(table)
        out.print(figure_table(figures, value_text))
    return exit_status(figures)


def _settings(args: argparse.Namespace, model: EvaluatedModel) -> 'RunSettings':
    from nemotron_agent.evaluation.run_settings import RunSettings, code_digest

    return RunSettings(
        model=model.name,
        model_digest=model.digest,
        thinking=args.thinking,
        seed=args.seed,
        n_ctx=args.n_ctx,
        dry=is_dry(args),
        endpoint=args.endpoint or '',
        code=code_digest(is_dry(args)),
    )


def _hold(
    args: argparse.Namespace,
    suite_run: 'SuiteRun',
    model: EvaluatedModel,
    folder: Path,
    console: Console,
) -> None:
    body = _body(args, folder)
    try:
        with Progress(
            TextColumn('{task.description}'),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not sys.stderr.isatty(),
        ) as progress:
            suite_run.run(model.make, body, _shown_in(progress, suite_run))
    finally:
        body.close()


def _shown_in(progress: Progress, suite_run: 'SuiteRun') -> Callable[[list['ScoredTurn']], None]:
    from nemotron_agent.evaluation.measures import Measures

    task = progress.add_task('', total=suite_run.conversations, completed=suite_run.resumed)

    def show(turns: list['ScoredTurn']) -> None:
        measures = Measures.of(suite_run.scored)
        scores = f'tool {measures.tool}  arguments {measures.arguments}'
        progress.update(task, advance=1, description=scores)

    return show


def _server(
    args: argparse.Namespace, suite_run: 'SuiteRun', log: 'ResultLog'
) -> 'Measures | None':
    """Measure an earlier run of the same conversations with an endpoint, if there is one."""
    from nemotron_agent.evaluation.measures import Measures
    from nemotron_agent.evaluation.result_log import read_records
    from nemotron_agent.evaluation.server_results import server_turns

    if args.endpoint:
        return None
    records = read_records(args.against) if args.against else log.records()
    turns = server_turns(records, suite_run.suite, suite_run.settings)
    if turns is None and args.against:
        raise ConfigurationError(
            f'--against: {args.against} has no run with --endpoint of all these conversations, '
            'with the same skills and prompt: run it first'
        )
    return Measures.of(turns) if turns else None


def _body(args: argparse.Namespace, folder: Path) -> 'Body':
    from nemotron_agent.cli.child_process import ChildProcess
    from nemotron_agent.evaluation.body import DryBody

    if is_dry(args):
        return DryBody()
    from nemotron_agent.evaluation.simulated_body import SimulatedBody

    def start(parameters: Sequence[str], environment: Mapping[str, str]) -> ChildProcess:
        arguments = ['--ros-args', *(word for each in parameters for word in ('-p', each))]
        log = folder / ROBOT_LOG
        return ChildProcess(
            'simulated robot', 'nemotron_agent.sim.main', arguments, environment, log
        )

    return SimulatedBody(start)


def _state_folder(suite: str) -> Path:
    return state_directory() / 'evaluation' / suite


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('it must be 1 at least')
    return number
