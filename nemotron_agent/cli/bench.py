"""`nemotron-agent bench`: measure speed on this machine."""

import argparse
from typing import Any

from rich.console import Console
from rich.table import Table

from nemotron_agent.cli.benches.figure import Figure

DEFAULT_MODEL = 'qwen2.5-coder-1.5b'
EPILOG = """\
benches:
  turns    tokens evaluated for the tokens that are new in a turn, over ten commands

examples:
  nemotron-agent bench
  nemotron-agent bench turns --model ~/models/other.gguf --json
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'bench',
        help='measure speed on this machine',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('bench', nargs='?', choices=('turns',), help='without one, all')
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name or file (%(default)s)')
    parser.add_argument('--n-ctx', type=int, default=8192, help='context, tokens (%(default)s)')
    parser.add_argument('--json', action='store_true', help='print a line of JSON for each figure')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the benches; return 1 if a goal is missed."""
    from nemotron_agent.cli.benches import turns
    from nemotron_agent.cli.model_fetch import fetch_model
    from nemotron_agent.llm.model_loading import ModelParameters, load_model

    fetch_model(args.model)
    model = load_model(ModelParameters(args.model, n_ctx=args.n_ctx))
    try:
        figures = list(turns.figures(model))
    finally:
        model.close()
    if args.json:
        print('\n'.join(figure.to_json() for figure in figures))
    else:
        Console().print(_table(figures))
    return 1 if any(figure.holds is False for figure in figures) else 0


def _table(figures: list[Figure]) -> Table:
    table = Table('figure', 'value', 'unit', 'goal', 'holds')
    table.columns[0].overflow = 'fold'
    for figure in figures:
        goal = '' if figure.goal is None else f'<= {figure.goal:g}'
        holds = {None: '', True: 'yes', False: 'no'}[figure.holds]
        table.add_row(figure.figure, f'{figure.value:.3f}', figure.unit, goal, holds)
    return table
