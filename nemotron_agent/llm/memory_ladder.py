"""When to use less memory, and when more again."""

import dataclasses
import enum

from nemotron_agent.core.chat_model import ContextSize, MemoryUse
from nemotron_agent.llm.memory_pressure import MemoryPressure

LEAST_CTX = 2048
CTX_STEP = 256


class Rung(enum.Enum):
    """What the agent does to use less memory; each includes the ones before it."""

    AS_CONFIGURED = 'as configured'
    FEWER_SNAPSHOTS = 'fewer snapshots'
    SMALLER_CONTEXT = 'smaller context'
    LEAST_CONTEXT = 'least context'
    INACTIVE = 'inactive'


@dataclasses.dataclass(frozen=True)
class MemoryMarks:
    """When to step.

    Attributes:
        low_bytes: with less than this free it steps down.
        high_bytes: with more than this free it steps up.
        stalled_percent: with more waiting for memory than this it steps down, and with half of it
            it does not step up.
        down_sec: how long it must be short before a step down; also the time a step is given to
            show its effect.
        up_sec: how long there must be plenty before a step up.
    """

    low_bytes: int
    high_bytes: int
    stalled_percent: float = 20.0
    down_sec: float = 2.0
    up_sec: float = 30.0

    @classmethod
    def beside(cls, use: MemoryUse, low_bytes: int, bytes_before: int) -> 'MemoryMarks':
        """Marks for what a model takes.

        It steps up when a context as large as the first, at worst, fits beside the low mark. A
        model that takes what was planned must not step down for that: where the plan leaves less
        than twice the low mark, half of what it leaves is the mark.

        Args:
            use: what it takes.
            low_bytes: the low mark that is wanted.
            bytes_before: what the process could take in all, before the model was loaded.
        """
        if use.planned_needed:
            low_bytes = min(low_bytes, max(0, bytes_before - use.planned_needed) // 2)
        return cls(low_bytes, low_bytes + use.context)


class MemoryLadder:
    """Judges readings; a step is wanted only after memory was short, or plenty, for some time.

    Args:
        rungs: from all memory to least.
        marks: when to step.
    """

    def __init__(self, rungs: tuple[Rung, ...], marks: MemoryMarks) -> None:
        self._rungs = rungs
        self._marks = marks
        self._index = 0
        self._short_since: float | None = None
        self._plenty_since: float | None = None

    @property
    def rung(self) -> Rung:
        """Where it stands."""
        return self._rungs[self._index]

    def judge(self, pressure: MemoryPressure, now: float) -> Rung | None:
        """Take a reading; return the rung to step to, or None to stay.

        Args:
            pressure: the reading.
            now: when it was taken, by a clock that never goes back [s].
        """
        marks, stalled = self._marks, pressure.stalled_percent or 0.0
        short = pressure.free_bytes < marks.low_bytes or stalled > marks.stalled_percent
        plenty = pressure.free_bytes > marks.high_bytes and stalled < marks.stalled_percent / 2
        self._short_since = (self._short_since or now) if short else None
        self._plenty_since = (self._plenty_since or now) if plenty else None
        if self._short_since is not None and now - self._short_since >= marks.down_sec:
            return self._rungs[self._index + 1] if self._index + 1 < len(self._rungs) else None
        if self._plenty_since is not None and now - self._plenty_since >= marks.up_sec:
            return self._rungs[self._index - 1] if self._index > 0 else None
        return None

    def stand_on(self, rung: Rung) -> None:
        """Note that a step was made; its effect is awaited before the next."""
        self._index = self._rungs.index(rung)
        self._short_since = self._plenty_since = None


def ladder_rungs(size: ContextSize | None, least_ctx: int = LEAST_CTX) -> tuple[Rung, ...]:
    """The rungs that use less than the one before, for a context as configured.

    Args:
        size: as configured; None for a model that holds no context here.
        least_ctx: tokens that a context must hold to be of use.
    """
    rungs = [Rung.AS_CONFIGURED]
    smallest = size
    for rung in (Rung.FEWER_SNAPSHOTS, Rung.SMALLER_CONTEXT, Rung.LEAST_CONTEXT):
        smaller = size_on(rung, size, least_ctx) if size else None
        if smaller != smallest:
            rungs.append(rung)
            smallest = smaller
    return (*rungs, Rung.INACTIVE)


def size_on(rung: Rung, size: ContextSize, least_ctx: int = LEAST_CTX) -> ContextSize:
    """The context's size on a rung: one snapshot left, then half of the tokens, then the least."""
    least = min(size.n_ctx, -(-least_ctx // CTX_STEP) * CTX_STEP)
    half = max(least, size.n_ctx // 2 // CTX_STEP * CTX_STEP)
    if rung is Rung.AS_CONFIGURED:
        return size
    if rung is Rung.FEWER_SNAPSHOTS:
        return ContextSize(size.n_ctx, min(1, size.snapshot_slots))
    if rung is Rung.SMALLER_CONTEXT:
        return ContextSize(half, min(1, size.snapshot_slots))
    return ContextSize(least, 0)
