"""What `nemotron-agent eval` prints: figures with their goals, and tables for people."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.evaluation.measures import Measures, Share, tagged
from nemotron_agent.evaluation.suite_run import ScoredTurn

SHARE_GOALS = {
    'tool': 0.92,
    'arguments': 0.85,
    'abstain': 0.80,
    'success.single': 0.80,
    'success.multi': 0.50,
    'answer': None,
}
COUNTS = ('crashes', 'unparsed', 'out_of_bounds')
SERVER_MARGIN_GOAL = 0.10
COLUMNS = ('tool', 'arguments', 'abstain', 'success', 'answer')


def figures_of(turns: Sequence[ScoredTurn], server: Measures | None = None) -> list[Figure]:
    """Make the figures of a run.

    Args:
        turns: of the run.
        server: the same conversations, with a model at an endpoint.
    """
    measures = Measures.of(turns)
    shares = {
        'tool': measures.tool,
        'arguments': measures.arguments,
        'abstain': measures.abstain,
        'success.single': Measures.of(tagged(turns, 'single')).success,
        'success.multi': Measures.of(tagged(turns, 'multi')).success,
        'answer': measures.answer,
    }
    found = [
        Figure(f'eval.{name}', share.value, 'share', SHARE_GOALS[name], at_least=True)
        for name, share in shares.items()
        if share.total
    ]
    if server is not None:
        margin = min(
            measures.tool.value - server.tool.value,
            measures.arguments.value - server.arguments.value,
        )
        found.append(Figure('eval.server_margin', margin, 'share', SERVER_MARGIN_GOAL, True))
    found += [Figure(f'eval.{name}', getattr(measures, name), 'count', 0) for name in COUNTS]
    return [*found, Figure('eval.turns', measures.turns, 'count')]


def value_text(figure: Figure) -> str:
    """The value of a figure, for people."""
    return f'{figure.value:.3f}' if figure.unit == 'share' else f'{figure.value:g}'


def group_table(kind: str, groups: Mapping[str, Measures]) -> Table:
    """A row for each group of turns."""
    table = Table(kind, 'turns', *COLUMNS)
    for name, measures in groups.items():
        shares: list[Share] = [getattr(measures, column) for column in COLUMNS]
        table.add_row(name, str(measures.turns), *map(str, shares))
    return table


def print_wrong(console: Console, turns: Sequence[ScoredTurn]) -> None:
    """Say of each turn that went wrong what was asked and what is wrong."""
    for turn in turns:
        if not turn.score.right:
            problems = escape('; '.join(turn.score.problems))
            tags = escape(', '.join(turn.score.tags))
            console.print(f'[red]wrong[/] {escape(turn.name)} [dim]({tags})[/]', soft_wrap=True)
            console.print(f'      {escape(turn.turn.say)}\n      {problems}', soft_wrap=True)
