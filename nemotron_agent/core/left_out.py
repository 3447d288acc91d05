"""What was left out of a conversation so that it fits into the context."""

import dataclasses

_NOTE = 'Note on this conversation, not from the operator. To make room, left out so far: {what}.'
_SUMMARY = 'What the turns left out were about: {summary}'
_FACTS = 'What the operator said to remember:'


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """What is gone, in total, and what is kept in its place.

    Attributes:
        turns: the oldest turns that are gone.
        results: tool results that were shortened to a line.
        reasonings: replies whose reasoning is gone.
        summary: of the turns that are gone, as far as they were summarised; may be empty.
        facts: commands of turns that are gone which taught something, oldest first.
        lost_facts: such commands that are gone too, as there were too many.
    """

    turns: int = 0
    results: int = 0
    reasonings: int = 0
    summary: str = ''
    facts: tuple[str, ...] = ()
    lost_facts: int = 0

    @property
    def note(self) -> str:
        """What the model is told in place of it; empty if nothing is gone."""
        what = ', '.join(
            f'{count} {thing}'
            for count, thing in (
                (self.turns, 'of the oldest turns'),
                (self.results, 'tool results but for a line each'),
                (self.reasonings, 'pieces of your reasoning'),
                (self.lost_facts, 'things to remember'),
            )
            if count
        )
        if not what:
            return ''
        lines = [_NOTE.format(what=what)]
        if self.summary:
            lines.append(_SUMMARY.format(summary=self.summary))
        if self.facts:
            lines += [_FACTS, *(f'- {fact}' for fact in self.facts)]
        return '\n'.join(lines)
