"""What a compaction did."""

import dataclasses

from nemotron_agent.core.left_out import LeftOut


@dataclasses.dataclass(frozen=True)
class ContextCompacted:
    """A conversation was made shorter to fit into the context.

    Attributes:
        turns, results, reasonings, lost_facts: as in `LeftOut`, by this compaction.
        is_summarised: whether the model wrote a summary of the turns.
        tokens_before, tokens_after: of the prompt.
    """

    turns: int
    results: int
    reasonings: int
    lost_facts: int
    is_summarised: bool
    tokens_before: int
    tokens_after: int

    @classmethod
    def between(
        cls, before: LeftOut, after: LeftOut, tokens_before: int, tokens_after: int
    ) -> 'ContextCompacted':
        """The compaction that led from one to the other."""
        return cls(
            turns=after.turns - before.turns,
            results=after.results - before.results,
            reasonings=after.reasonings - before.reasonings,
            lost_facts=after.lost_facts - before.lost_facts,
            is_summarised=after.summary != before.summary,
            tokens_before=tokens_before,
            tokens_after=tokens_after,
        )

    @property
    def text(self) -> str:
        """For people."""
        summarised = 'summarised' if self.is_summarised else 'left out'
        parts = (
            (self.reasonings, 'reasoning of {} replies left out'),
            (self.results, '{} tool results shortened to a line'),
            (self.turns, f'{{}} oldest turns {summarised}'),
            (self.lost_facts, '{} things to remember left out'),
        )
        said = ', '.join(text.format(count) for count, text in parts if count)
        return f'{said}: {self.tokens_before} tokens became {self.tokens_after}'
