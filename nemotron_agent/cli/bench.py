"""`nemotron-agent bench`: measure speed, memory and safety on this machine."""

import argparse
import importlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from nemotron_agent.cli.benches.figure import Figure, exit_status, figure_table
from nemotron_agent.cli.benches.options import BenchOptions
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.llm.engine_parameters import REPLY_PROTOCOLS

if TYPE_CHECKING:
    from nemotron_agent.cli.benches.subject import Subjects
    from nemotron_agent.llm.model_catalog import ResolvedModel

BENCHES = (
    'turns',
    'switch',
    'tool-call',
    'decode',
    'warm-start',
    'memory',
    'crash',
    'gate',
    'stop',
    'soak',
)
EPILOG = """\
benches:
  turns       tokens evaluated for the tokens that are new in a turn, over twenty commands
  switch      the same for four conversations in rotation
  tool-call   decode calls for the tokens of a call, and the time it takes
  decode      speed of free text, beside a bare loop of llama.cpp
  warm-start  time to load the state of system prompt and tools, beside evaluating it
  memory      what the engine needs besides llama.cpp, and plans of memory beside processes
  crash       turns lost and databases broken by killing the node's process
  gate        fuzzed calls that reach the robot, and tasks that enter keep-out zones
  stop        time from a stop to the cancel of every goal, and what gets past it
  soak        memory, window and calls over thousands of turns that are compacted and canceled

Without --model counts are taken on a tiny synthetic hybrid and on Qwen2.5 Coder 1.5B, times on
Qwen and on a synthetic hybrid with the shape of Nemotron 3 Nano 4B and no trained weights. All of
it takes about two hours on two cores, a gigabyte of disk for Qwen and 8 GB of
memory.

turns and switch run on three sides: ours, llama-cpp-python's Llama, and llama.cpp's server, which
comes with `pip install -r requirements/bench.txt` and is left out where that is missing.
docs/benchmarks.md explains every figure.

examples:
  nemotron-agent bench                                  all of them, as a table
  nemotron-agent bench turns --json                     a line of JSON for each figure
  nemotron-agent bench turns --model ~/models/a.gguf    another model
  nemotron-agent bench switch --snapshot-slots 0        without kept states
  nemotron-agent bench crash --kills 20 --seed 7        a tenth of the kills, at other moments
  nemotron-agent bench soak --turns 500                 a quarter of the turns

Exit status: 0 all goals are reached, 1 one is missed, 2 an error.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'bench',
        help='measure speed and memory on this machine',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('bench', nargs='?', choices=BENCHES, help='without one, all')
    parser.add_argument('--model', help='the only model to measure: a name, or a GGUF file')
    parser.add_argument(
        '--n-ctx', type=int, help='context, tokens (32768 for the tiny hybrid, 8192 for others)'
    )
    parser.add_argument(
        '--snapshot-slots', type=int, default=4, help='states to keep (%(default)s)'
    )
    parser.add_argument(
        '--reply-protocol',
        choices=REPLY_PROTOCOLS,
        default='call_only',
        help='what our replies look like; the other sides always call (%(default)s)',
    )
    parser.add_argument(
        '--kills', type=int, default=BenchOptions.kills, help='kills of `crash` (%(default)s)'
    )
    parser.add_argument(
        '--stops',
        type=int,
        default=BenchOptions.stops,
        help='stops of `stop`, over all models (%(default)s)',
    )
    parser.add_argument(
        '--turns',
        type=int,
        default=BenchOptions.turns,
        help='turns of `soak` (%(default)s, and a tenth of it for the real model)',
    )
    parser.add_argument(
        '--seed',
        type=int,
        default=BenchOptions.seed,
        help='of what `crash`, `gate`, `stop` and `soak` draw at random (%(default)s)',
    )
    parser.add_argument('--json', action='store_true', help='print a line of JSON for each figure')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the benches; return 1 if a goal is missed."""
    # llama.cpp takes a second to import: not for those who only ask for help.
    from nemotron_agent.cli.benches.sides.server import HOW_TO_INSTALL, server_is_here
    from nemotron_agent.cli.benches.subject import Subjects

    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix='nemotron_agent_bench_') as folder:
        with Progress() as progress:
            if not server_is_here():
                progress.note(f"llama.cpp's server is left out: `{HOW_TO_INSTALL}` brings it")
            subjects = Subjects(
                Path(folder),
                progress,
                _named(args.model),
                _overrides(args),
                BenchOptions(args.kills, args.seed, args.stops, args.turns),
            )
            for figure in _measure(args.bench, subjects, progress):
                figures.append(figure)
                if args.json:
                    print(figure.to_json(), flush=True)
    if not args.json:
        _show(figures)
    return exit_status(figures)


def _measure(name: str | None, subjects: 'Subjects', progress: Progress) -> Iterator[Figure]:
    for bench in [name] if name else BENCHES:
        module: Any = importlib.import_module(
            f'nemotron_agent.cli.benches.{bench.replace("-", "_")}'
        )
        yield from module.figures(subjects, progress)


def _named(model: str | None) -> 'ResolvedModel | None':
    if model is None:
        return None
    from nemotron_agent.cli.model_fetch import fetch_model
    from nemotron_agent.llm.model_catalog import resolve_model

    fetch_model(model)
    return resolve_model(model)


def _overrides(args: argparse.Namespace) -> dict[str, Any]:
    """What the user set for every model."""
    overrides = {'snapshot_slots': args.snapshot_slots, 'reply_protocol': args.reply_protocol}
    return overrides if args.n_ctx is None else {**overrides, 'n_ctx': args.n_ctx}


def _show(figures: list[Figure]) -> None:
    """Print a table for people."""
    from nemotron_agent.cli.benches.machine import description

    console = Console()
    for line in description():
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(figure_table(figures, lambda figure: f'{figure.value:.4g}'))
