"""States of the context that are kept, and which of them gives way to another."""

import dataclasses
import enum
from collections.abc import Iterator, Sequence

_CHUNK = 256


class Worth(enum.Enum):
    """What a kept state is good for; the value says how likely the context goes back to it.

    SHARED: the tokens that all conversations begin with; given up last of all.
    NEXT: where the next prompt of its conversation branches off.
    TURN: before a command; where a turn that is taken back began.
    STEP: before a tool's result.
    """

    SHARED = 1.0
    NEXT = 0.999
    TURN = 0.125
    STEP = 0.015


_LEFT = 0.001  # TURN or STEP of a conversation that is not going on now


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A kept state.

    Attributes:
        tokens: what was evaluated to get there.
        sequence: the llama.cpp sequence that holds it.
        owner: conversation it belongs to; None is no one's in particular.
    """

    tokens: tuple[int, ...]
    sequence: int
    owner: str | None
    worth: Worth

    def begins(self, tokens: Sequence[int]) -> bool:
        """Whether all of it is a prefix of these tokens."""
        return self.tokens == tuple(tokens[: len(self.tokens)])


class Snapshots:
    """A set of kept states. It only counts: copying and forgetting is done by `ContextState`."""

    def __init__(self) -> None:
        self._kept: list[Snapshot] = []

    def __iter__(self) -> Iterator[Snapshot]:
        return iter(tuple(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, snapshot: Snapshot) -> None:
        """Keep one."""
        self._kept.append(snapshot)

    def unpin(self) -> None:
        """Let the shared one give way: there will be another."""
        self._kept = [
            dataclasses.replace(kept, worth=Worth.NEXT) if kept.worth is Worth.SHARED else kept
            for kept in self._kept
        ]

    def remove(self, snapshot: Snapshot) -> None:
        """Keep it no more."""
        self._kept.remove(snapshot)

    def replace(self, old: Snapshot, new: Snapshot) -> None:
        """Say something else of one."""
        self._kept[self._kept.index(old)] = new

    def same_as(self, tokens: Sequence[int]) -> Snapshot | None:
        """The one of exactly these tokens."""
        wanted = tuple(tokens)
        return next((kept for kept in self._kept if kept.tokens == wanted), None)

    def longest_within(self, tokens: Sequence[int]) -> Snapshot | None:
        """The longest that is a prefix of these tokens, or all of them."""
        fitting = (kept for kept in self._kept if kept.begins(tokens))
        return max(fitting, key=lambda kept: len(kept.tokens), default=None)

    def cheapest(self, going_on: str | None, *others: Snapshot) -> Snapshot | None:
        """The one whose loss would cost the fewest tokens, by how likely it is missed.

        Args:
            going_on: conversation that the context is working on.
            others: candidates that are not kept yet.
        """
        everyone = [*self._kept, *others]
        candidates = [kept for kept in everyone if kept.worth is not Worth.SHARED]
        return min(candidates, key=lambda kept: _loss(kept, everyone, going_on), default=None)


def _loss(snapshot: Snapshot, everyone: list[Snapshot], going_on: str | None) -> float:
    """Tokens to evaluate from the nearest that is left, weighted."""
    nearest = max(
        (len(o.tokens) for o in everyone if o is not snapshot and o.begins(snapshot.tokens)),
        default=0,
    )
    weight = snapshot.worth.value
    if snapshot.worth in (Worth.TURN, Worth.STEP) and snapshot.owner != going_on:
        weight = _LEFT
    return weight * (len(snapshot.tokens) - nearest)


def common_prefix(ours: Sequence[int], theirs: Sequence[int]) -> int:
    """How many tokens two sequences begin with alike; quicker for two of one type."""
    longest = min(len(ours), len(theirs))
    start = 0
    while start < longest and ours[start : start + _CHUNK] == theirs[start : start + _CHUNK]:
        start += _CHUNK
    while start < longest and ours[start] == theirs[start]:
        start += 1
    return min(start, longest)
