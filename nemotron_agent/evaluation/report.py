"""The report of a run: one page of HTML that needs nothing else, and the same as Markdown."""

import collections
import dataclasses
import datetime
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import jinja2

import nemotron_agent
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.evaluation.distribution import Distribution
from nemotron_agent.evaluation.machine import machine_text
from nemotron_agent.evaluation.measures import Measures, by_robot, by_tag
from nemotron_agent.evaluation.run_settings import RunSettings
from nemotron_agent.evaluation.score import confusion_of
from nemotron_agent.evaluation.suite_run import ScoredTurn

FILES = {'report.html.jinja': 'report.html', 'report.md.jinja': 'report.md'}
BOTH_RIGHT = {('(ask_or_decline)', '(ask)'), ('(ask_or_decline)', '(decline)')}
LARGEST_MATRIX = 30
MISTAKES_LISTED = 50
SHARES = ('tool', 'arguments', 'abstain', 'success', 'answer')


class ReportedFigure(Protocol):
    """A figure, with its goal."""

    @property
    def figure(self) -> str:
        """Dotted name."""

    @property
    def value(self) -> float:
        """Measured."""

    @property
    def unit(self) -> str:
        """Unit."""

    @property
    def goal_text(self) -> str:
        """Goal for people."""

    @property
    def holds(self) -> bool | None:
        """Whether the goal is reached."""


@dataclasses.dataclass(frozen=True)
class Confusion:
    """How often which skill was called where which was expected."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: Mapping[tuple[str, str], int]

    @property
    def is_large(self) -> bool:
        """Whether it is too large for a matrix."""
        return max(len(self.rows), len(self.columns)) > LARGEST_MATRIX

    def is_right(self, row: str, column: str) -> bool:
        """Whether what was called, or the end, is one that was expected."""
        return row == column or (row, column) in BOTH_RIGHT

    @property
    def mistakes(self) -> list[tuple[str, str, int]]:
        """What was most often taken for something else, with how often."""
        wrong = [(*pair, n) for pair, n in self.counts.items() if not self.is_right(*pair)]
        return sorted(wrong, key=lambda each: -each[2])[:MISTAKES_LISTED]

    @classmethod
    def of(cls, turns: Sequence[ScoredTurn]) -> 'Confusion':
        """Count over turns; the names of ends come last."""
        counts: collections.Counter[tuple[str, str]] = collections.Counter()
        for turn in turns:
            counts.update(confusion_of(turn.turn, turn.facts))
        rows = sorted({row for row, _ in counts}, key=_ends_last)
        columns = sorted({column for _, column in counts}, key=_ends_last)
        return cls(tuple(rows), tuple(columns), counts)


def write_report(
    folder: Path,
    suite_name: str,
    settings: RunSettings,
    turns: Sequence[ScoredTurn],
    figures: Sequence[ReportedFigure],
) -> list[Path]:
    """Write `report.html` and `report.md` into a folder; return their paths.

    Raises:
        ConfigurationError: they cannot be written.
    """
    values = report_values(suite_name, settings, turns, figures)
    written = []
    for template, name in FILES.items():
        path = folder / name
        try:
            path.write_text(_environment().get_template(template).render(values), encoding='utf-8')
        except OSError as error:
            raise ConfigurationError(f'cannot write {path}: {error.strerror}') from error
        written.append(path)
    return written


def report_values(
    suite_name: str,
    settings: RunSettings,
    turns: Sequence[ScoredTurn],
    figures: Sequence[ReportedFigure],
) -> dict[str, Any]:
    """Give all that the templates show."""
    facts = [turn.facts for turn in turns]
    repeats = len({turn.repeat for turn in turns})
    now = datetime.datetime.now(datetime.timezone.utc)
    return {
        'suite': suite_name,
        'settings': settings,
        'seeds': [settings.seed + repeat for repeat in range(repeats)],
        'written': now.isoformat(' ', 'minutes'),
        'version': nemotron_agent.__version__,
        'machine': machine_text(),
        'figures': figures,
        'shares': SHARES,
        'all': Measures.of(turns),
        'tags': by_tag(turns),
        'robots': by_robot(turns),
        'confusions': {
            name: Confusion.of([turn for turn in turns if turn.entry.robot.name == name])
            for name in by_robot(turns)
        },
        'times': _distributions(
            {
                'time to first token': [each.first_token_sec for each in facts],
                'time to first request': [each.first_request_sec for each in facts],
                'time of the task': [each.duration_sec for each in facts],
            }
        ),
        'amounts': _distributions(
            {
                'replies': [each.replies for each in facts],
                'prompt tokens': [each.prompt_tokens for each in facts],
                'prompt tokens evaluated': [e.prompt_tokens - e.reused_tokens for e in facts],
                'generated tokens': [each.generated_tokens for each in facts],
            }
        ),
        'wrong': [turn for turn in turns if not turn.score.right],
    }


def _distributions(numbers: Mapping[str, Sequence[float | None]]) -> dict[str, Distribution]:
    found = {name: Distribution.of(values) for name, values in numbers.items()}
    return {name: spread for name, spread in found.items() if spread is not None}


def _ends_last(name: str) -> tuple[bool, str]:
    return name.startswith('('), name


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / 'templates'),
        autoescape=lambda name: name is not None and '.html' in name,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters['cell'] = _cell
    return environment


def _cell(value: object) -> str:
    """Text for a cell of a Markdown table."""
    text = ' '.join(str(value).split())
    return text.replace('\\', '\\\\').replace('|', '\\|').replace('<', '&lt;')
