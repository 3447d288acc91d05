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
            waited for memory; None where the kernel does not say.
    """

    free_bytes: int
    stalled_percent: float | None = None


def read_pressure(system: SystemMemory) -> MemoryPressure:
    """Read it anew."""
    free = [system.available_bytes]
    free += [(group.limit_bytes or 0) - group.used_bytes for group in system.limited_groups()]
    return MemoryPressure(max(0, min(free)), system.stalled_percent)
