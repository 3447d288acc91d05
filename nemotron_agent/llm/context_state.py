"""Which tokens the context has evaluated, and how it gets from them to the next prompt."""

import dataclasses
from collections.abc import Callable, Sequence

from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.llm.sampling import Logits, log_probability
from nemotron_agent.llm.snapshots import Snapshot, Snapshots, Worth, common_prefix
from nemotron_agent.llm.token_context import Decoded, TokenContext


class ContextState:
    """The context and a true list of what is in it; used by the engine's thread only.

    This is the one place that decides what of the context can be kept for a prompt. One sequence
    is live: it is evaluated further. The others hold snapshots. A snapshot costs a copy of the
    recurrent state where the model has one (81 MiB for Nemotron 3 Nano 4B, reserved from the
    start), and the cells of the KV cache that nothing else has; taking it or going back to it
    copies nothing until the next decode call. What the cache has no cells for is given up.
    """

    def __init__(self, context: TokenContext) -> None:
        self._context = context
        self._snapshots = Snapshots()
        self._resident: list[int] = []
        self._owner: str | None = None
        self._live = 0
        self._free = list(range(1, context.n_sequences))
        self.decode_calls = 0

    @property
    def resident(self) -> tuple[int, ...]:
        """Tokens that are evaluated, in order."""
        return tuple(self._resident)

    @property
    def n_resident(self) -> int:
        """How many tokens are evaluated."""
        return len(self._resident)

    @property
    def live_sequence(self) -> int:
        """The llama.cpp sequence of the resident tokens."""
        return self._live

    @property
    def snapshots(self) -> tuple[Snapshot, ...]:
        """What is kept besides the resident tokens."""
        return tuple(self._snapshots)

    def restore_prefix(
        self, tokens: Sequence[int], owner: str = '', worth: Worth = Worth.TURN
    ) -> int:
        """Go to the longest known state that a prompt begins with.

        At least one token is left to evaluate, so that there are logits to go on with. Where the
        model keeps a recurrent state it cannot be cut short, so only all of what was evaluated
        or all of a snapshot counts. What another conversation has evaluated is kept first.

        Args:
            tokens: the prompt.
            owner: conversation that goes on; the same one's snapshots that do not fit the prompt
                are given up.
            worth: what the state that is returned to is good for from now on.

        Returns:
            Tokens kept.
        """
        source, n_kept = self._best_source(tokens)
        self._give_up_unfit(tokens, owner, source, worth)
        if self._resident and self._owner not in (None, owner) and self._context.n_sequences > 1:
            source = self._leave(source)
            self._owner = owner
            self._go_to(source, n_kept, worth)
        elif source is not None:
            self._empty_live()
            self._owner = owner
            self._go_to(source, n_kept, worth)
        else:
            self._owner = owner
            self._cut(n_kept)
        self.keep(worth)
        return len(self._resident)

    def keep(self, worth: Worth) -> None:
        """Keep the present state, unless all that is kept is worth more."""
        if not self._resident:
            return
        if worth is Worth.SHARED:
            self._snapshots.unpin()
        owner = None if worth is Worth.SHARED else self._owner
        snapshot = Snapshot(tuple(self._resident), -1, owner, worth)
        same = self._snapshots.same_as(snapshot.tokens)
        if same is not None:
            if worth.value > same.worth.value:
                better = dataclasses.replace(snapshot, sequence=same.sequence)
                self._snapshots.replace(same, better)
            return
        if not self._free:
            victim = self._snapshots.cheapest(self._owner, snapshot)
            if victim is None or victim is snapshot:
                return
            self._give_up(victim)
        if self._free:
            sequence = self._free.pop()
            self._context.copy(self._live, sequence)
            self._snapshots.add(dataclasses.replace(snapshot, sequence=sequence))

    def holds(self, tokens: Sequence[int]) -> bool:
        """Whether the state after exactly these tokens is there, live or kept."""
        return self._resident == list(tokens) or self._snapshots.same_as(tokens) is not None

    def save(self) -> memoryview:
        """The live state, for `load`."""
        return self._context.state_bytes(self._live)

    def load(self, tokens: Sequence[int], state: memoryview) -> bool:
        """Make a saved state the live one; False if it cannot be used, and nothing is live then.

        Args:
            tokens: what it is the state after.
            state: as `save` gave it, with this model and context parameters.
        """
        self._empty_live()
        self._owner = None
        if not self._context.load_state(state, self._live):
            self._empty_live()
            return False
        self._resident = list(tokens)
        return True

    def disown(self, owner: str) -> None:
        """Do not keep the resident tokens for a conversation; its snapshots stay."""
        if self._owner == owner:
            self._owner = None

    def forget(self, owner: str) -> None:
        """Give up what is kept for a conversation."""
        self.disown(owner)
        for snapshot in self._snapshots:
            if snapshot.owner == owner:
                self._give_up(snapshot)

    def rewind(self, n_tokens: int) -> bool:
        """Go back to the first `n_tokens`; False if the model cannot, and nothing changed."""
        if n_tokens >= len(self._resident):
            return True
        if self._trims and self._context.remove_from(n_tokens, self._live):
            del self._resident[n_tokens:]
            return True
        snapshot = self._snapshots.same_as(self._resident[:n_tokens])
        if snapshot is None:
            return False
        self._take_over(snapshot)
        return True

    def evaluate(
        self, tokens: Sequence[int], on_slice: Callable[[int], None] = lambda evaluated: None
    ) -> bool:
        """Evaluate tokens after the resident ones, in slices.

        Args:
            tokens: what to evaluate.
            on_slice: told after each slice how many of them are evaluated.

        Returns:
            Whether all were; False if it was aborted. What is resident is known in both cases.

        Raises:
            EvaluationError: llama.cpp refused; the context is then empty.
        """
        size = self._context.slice_tokens
        for start in range(0, len(tokens), size):
            piece = tokens[start : start + size]
            if not self._advance(piece):
                return False
            on_slice(start + len(piece))
        return True

    def log_likelihood(self, tokens: Sequence[int]) -> float | None:
        """Evaluate tokens; return the natural logarithm of their probability, None if aborted."""
        total = log_probability(self._context.logits(), tokens[0])
        for start in range(0, len(tokens), self._context.n_outputs):
            piece = tokens[start : start + self._context.n_outputs]
            if not self._advance(piece, all_logits=True):
                return None
            for index, token in enumerate(tokens[start + 1 : start + 1 + len(piece)]):
                total += log_probability(self._context.logits(index), token)
        return total

    def logits(self) -> Logits:
        """Logits after the last token evaluated."""
        return self._context.logits()

    def clear(self) -> None:
        """Drop everything, snapshots too."""
        self._context.clear()
        self._snapshots = Snapshots()
        self._resident.clear()
        self._owner = None
        self._live = 0
        self._free = list(range(1, self._context.n_sequences))

    @property
    def _trims(self) -> bool:
        return not self._context.keeps_recurrent_state

    def _advance(self, piece: Sequence[int], all_logits: bool = False) -> bool:
        """Evaluate what one decode call can hold; False if it was aborted."""
        if self._context.is_aborting:
            return False
        try:
            evaluated = self._decode(piece, all_logits)
        except BaseException:
            self.clear()
            raise
        self.decode_calls += 1
        if not evaluated:
            self._take_back()
            return False
        self._resident.extend(piece)
        return True

    def _decode(self, tokens: Sequence[int], all_logits: bool) -> bool:
        """One decode call, with room made for it; False if it was aborted."""
        position = len(self._resident)
        while True:
            outcome = self._context.decode(tokens, position, self._live, all_logits)
            if outcome is not Decoded.NO_ROOM:
                return outcome is Decoded.ALL
            victim = self._snapshots.cheapest(self._owner)
            victim = victim or next(iter(self._snapshots), None)
            if victim is None:
                raise EvaluationError(
                    f'the KV cache has no room for {len(tokens)} tokens at {position}'
                )
            self._give_up(victim)

    def _best_source(self, tokens: Sequence[int]) -> tuple[Snapshot | None, int]:
        """Where most of a prompt is evaluated, None for the live sequence, and how much."""
        prompt = tuple(tokens)
        best: Snapshot | None = None
        n_best = self._usable(tuple(self._resident), prompt)
        for snapshot in self._snapshots:
            n_usable = self._usable(snapshot.tokens, prompt)
            if n_usable > n_best:
                best, n_best = snapshot, n_usable
        return best, n_best

    def _usable(self, evaluated: tuple[int, ...], prompt: tuple[int, ...]) -> int:
        """Tokens of a prompt that an evaluated state can serve."""
        shared = common_prefix(evaluated, prompt)
        if self._trims:
            return min(shared, len(prompt) - 1)
        return shared if shared == len(evaluated) < len(prompt) else 0

    def _give_up_unfit(
        self, tokens: Sequence[int], owner: str, source: Snapshot | None, worth: Worth
    ) -> None:
        """Give up what its conversation has left behind."""
        for snapshot in self._snapshots:
            if snapshot.owner != owner or snapshot is source:
                continue
            passed = worth is Worth.TURN or snapshot.worth is Worth.STEP
            if passed or not snapshot.begins(tokens):
                self._give_up(snapshot)

    def _leave(self, source: Snapshot | None) -> Snapshot | None:
        """Keep the live sequence as it is and go on with another, empty one.

        Args:
            source: where it goes on from; None is what was live.
        """
        assert self._owner is not None
        left = Snapshot(tuple(self._resident), self._live, self._owner, Worth.NEXT)
        same = self._snapshots.same_as(left.tokens)
        if same is not None:
            self._empty_live()
            return source or same
        self._snapshots.add(left)
        self._resident.clear()
        self._live = -1
        return source or left

    def _go_to(self, source: Snapshot | None, n_tokens: int, worth: Worth) -> None:
        """Make the first tokens of a snapshot the live state; what is live is empty, or none."""
        if n_tokens == 0:
            source = None
        if source is not None and source.owner == self._owner and source in self._snapshots:
            relabelled = dataclasses.replace(source, worth=worth)
            self._snapshots.replace(source, relabelled)
            source = relabelled
        if self._live < 0 and not self._free:
            victim = self._snapshots.cheapest(self._owner)
            assert victim is not None
            if victim is source:
                self._snapshots.remove(victim)
                self._live = victim.sequence
                self._resident = list(victim.tokens)
                self._cut(n_tokens)
                return
            self._give_up(victim)
        if self._live < 0:
            self._live = self._free.pop()
        if source is not None:
            self._context.copy(source.sequence, self._live)
            self._resident = list(source.tokens)
            self._cut(n_tokens)

    def _take_over(self, snapshot: Snapshot) -> None:
        """Replace the live state by a snapshot, which stays."""
        self._context.copy(snapshot.sequence, self._live)
        self._resident = list(snapshot.tokens)

    def _give_up(self, snapshot: Snapshot) -> None:
        self._snapshots.remove(snapshot)
        self._context.drop(snapshot.sequence)
        self._free.append(snapshot.sequence)

    def _empty_live(self) -> None:
        self._context.drop(self._live)
        self._resident.clear()

    def _cut(self, n_tokens: int) -> None:
        if n_tokens == len(self._resident):
            return
        if n_tokens > 0 and self._trims and self._context.remove_from(n_tokens, self._live):
            del self._resident[n_tokens:]
        else:
            self._empty_live()

    def _take_back(self) -> None:
        """Undo an aborted decode call; a recurrent state it touched is lost, a snapshot is not."""
        if self._trims and self._context.remove_from(len(self._resident), self._live):
            return
        snapshot = self._snapshots.longest_within(self._resident)
        if snapshot is not None:
            self._take_over(snapshot)
        else:
            self._empty_live()
