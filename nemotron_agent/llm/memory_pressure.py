"""How short of memory the machine is right now."""

import dataclasses

from nemotron_agent.llm.system_memory import SystemMemory


@dataclasses.dataclass(frozen=True)
class MemoryPressure:
    """A reading.

    Attributes:
        free_bytes: what this process can still take: of the machine's memory, or of the tightest
            control group it is in.
        stalled_percent: share of the last ten seconds in which everything that wanted to run
            waited for memory, on the machine or in a group; None where the kernel does not say.
    """

    free_bytes: int
    stalled_percent: float | None = None


def read_pressure(system: SystemMemory, mapped_bytes: int = 0) -> MemoryPressure:
    """Read it anew.

    Args:
        system: where to ask.
        mapped_bytes: pages of files that this process uses all the time. The system would take
            them back, so they are free to it; then they would be read again and again.
    """
    groups = list(system.limited_groups())
    free = [system.available_bytes]
    free += [(group.limit_bytes or 0) - group.used_bytes for group in groups]
    stalled = [system.stalled_percent, *(group.stalled_percent for group in groups)]
    return MemoryPressure(
        max(0, min(free) - mapped_bytes),
        max((percent for percent in stalled if percent is not None), default=None),
    )


def takeable_bytes(system: SystemMemory) -> int:
    """What this process can take in all: what is free, and what it holds already."""
    return read_pressure(system).free_bytes + system.own_anonymous_bytes
