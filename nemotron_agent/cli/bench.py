"""`nemotron-agent bench`: measure speed on this machine."""

import argparse
import re
from typing import Any

from rich.console import Console
from rich.table import Table

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.llm.engine_parameters import REPLY_PROTOCOLS

DEFAULT_MODEL = 'qwen2.5-coder-1.5b'
BENCHES = ('turns', 'switch')
MAX_THINKING_TOKENS = 64
EPILOG = """\
benches:
  turns    tokens evaluated for the tokens that are new in a turn, over twenty commands
  switch   the same for four conversations in rotation

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
    parser.add_argument('bench', nargs='?', choices=BENCHES, help='without one, all')
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name or file (%(default)s)')
    parser.add_argument('--n-ctx', type=int, default=8192, help='context, tokens (%(default)s)')
    parser.add_argument(
        '--snapshot-slots', type=int, default=4, help='states to keep (%(default)s)'
    )
    parser.add_argument(
        '--reply-protocol',
        choices=REPLY_PROTOCOLS,
        default='auto',
        help='call_only lets a model without trained weights make calls (%(default)s)',
    )
    parser.add_argument('--json', action='store_true', help='print a line of JSON for each figure')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the benches; return 1 if a goal is missed."""
    from nemotron_agent.cli.benches import switch, turns
    from nemotron_agent.cli.model_fetch import fetch_model
    from nemotron_agent.llm.llama_worker import LlamaWorker
    from nemotron_agent.llm.model_catalog import resolve_model
    from nemotron_agent.llm.model_loading import ModelParameters, engine_parameters

    fetch_model(args.model)
    resolved = resolve_model(args.model)
    wanted = ModelParameters(
        args.model,
        n_ctx=args.n_ctx,
        snapshot_slots=args.snapshot_slots,
        reply_protocol=args.reply_protocol,
        max_thinking_tokens=MAX_THINKING_TOKENS,
    )
    parameters = engine_parameters(wanted, resolved)
    benches = {'turns': turns.figures, 'switch': switch.figures}
    figures: list[Figure] = []
    for name in [args.bench] if args.bench else BENCHES:
        worker = LlamaWorker(parameters)
        try:
            label = label_of(resolved.name, worker.keeps_recurrent_state)
            figures += benches[name](worker, label)
        finally:
            worker.close()
    if args.json:
        print('\n'.join(figure.to_json() for figure in figures))
    else:
        Console().print(_table(figures))
    return 1 if any(figure.holds is False for figure in figures) else 0


def label_of(name: str, is_hybrid: bool) -> str:
    """What figures call a model: `hybrid`, or the family of a plain transformer."""
    return 'hybrid' if is_hybrid else re.split(r'[^a-z]', name.lower(), maxsplit=1)[0] or name


def _table(figures: list[Figure]) -> Table:
    table = Table('figure', 'value', 'unit', 'goal', 'holds')
    table.columns[0].overflow = 'fold'
    for figure in figures:
        goal = '' if figure.goal is None else f'<= {figure.goal:g}'
        holds = {None: '', True: 'yes', False: 'no'}[figure.holds]
        table.add_row(figure.figure, f'{figure.value:.3f}', figure.unit, goal, holds)
    return table
