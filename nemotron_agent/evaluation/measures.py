"""From verdicts on turns to shares."""

import dataclasses
from collections.abc import Iterable, Sequence

from nemotron_agent.evaluation.case import TAGS
from nemotron_agent.evaluation.suite_run import ScoredTurn


@dataclasses.dataclass(frozen=True)
class Share:
    """How many of how many."""

    right: int = 0
    total: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[bool | None]) -> 'Share':
        """Count verdicts; None does not count."""
        given = [verdict for verdict in verdicts if verdict is not None]
        return cls(sum(given), len(given))

    @property
    def value(self) -> float:
        """From 0 to 1; 0 of nothing."""
        return self.right / self.total if self.total else 0.0

    def __str__(self) -> str:
        return f'{self.value:.2f}' if self.total else ''


@dataclasses.dataclass(frozen=True)
class Measures:
    """What is measured over some turns."""

    turns: int
    tool: Share
    arguments: Share
    abstain: Share
    success: Share
    answer: Share
    crashes: int
    unparsed: int
    out_of_bounds: int

    @classmethod
    def of(cls, turns: Sequence[ScoredTurn]) -> 'Measures':
        """Measure some turns."""
        scores = [turn.score for turn in turns]
        return cls(
            turns=len(turns),
            tool=Share.of(score.tool for score in scores),
            arguments=Share.of(score.arguments for score in scores),
            abstain=Share.of(score.abstain for score in scores),
            success=Share.of(score.success for score in scores),
            answer=Share.of(score.answer for score in scores),
            crashes=sum(bool(turn.facts.crash) for turn in turns),
            unparsed=sum(turn.facts.unparsed for turn in turns),
            out_of_bounds=sum(turn.facts.out_of_bounds for turn in turns),
        )


def by_tag(turns: Sequence[ScoredTurn]) -> dict[str, Measures]:
    """Measure each tag that occurs, known ones first."""
    seen = dict.fromkeys(tag for turn in turns for tag in turn.score.tags)
    order = [tag for tag in TAGS if tag in seen] + [tag for tag in seen if tag not in TAGS]
    return {tag: Measures.of(tagged(turns, tag)) for tag in order}


def by_robot(turns: Sequence[ScoredTurn]) -> dict[str, Measures]:
    """Measure each robot."""
    names = dict.fromkeys(turn.entry.robot.name for turn in turns)
    return {
        name: Measures.of([turn for turn in turns if turn.entry.robot.name == name])
        for name in names
    }


def tagged(turns: Sequence[ScoredTurn], tag: str) -> list[ScoredTurn]:
    """The turns with a tag."""
    return [turn for turn in turns if tag in turn.score.tags]
