"""How much memory a model will need, part by part, before anything is loaded."""

import dataclasses

from nemotron_agent.llm.context_plan import context_parts
from nemotron_agent.llm.memory_part import MemoryPart, Place
from nemotron_agent.llm.memory_settings import Conditions, MemorySettings
from nemotron_agent.llm.model_shape import ModelShape
from nemotron_agent.llm.process_plan import process_parts
from nemotron_agent.llm.weights_plan import MAPPED_WEIGHTS, weight_parts


@dataclasses.dataclass(frozen=True)
class MemoryPlan:
    """The memory a process will need with a model.

    Attributes:
        settings: what it was made for.
        parts: what it is needed for; a name may come twice, for two places.
        shares_memory: whether a GPU uses the CPU's memory.
    """

    settings: MemorySettings
    parts: tuple[MemoryPart, ...]
    shares_memory: bool = False

    @property
    def resident_bytes(self) -> int:
        """Most memory the process will be seen to hold of the host's."""
        return sum(part.bytes for part in self.parts if self._is_on_host(part))

    @property
    def needed_bytes(self) -> int:
        """The same without what the system takes back when memory is short."""
        return sum(
            part.bytes for part in self.parts if self._is_on_host(part) and not part.droppable
        )

    @property
    def mapped_bytes(self) -> int:
        """Pages of the model file that are used all the time; the system counts them as free."""
        return sum(
            part.bytes
            for part in self.parts
            if part.name == MAPPED_WEIGHTS and part.place is Place.HOST
        )

    @property
    def llama_bytes(self) -> int:
        """What llama.cpp logs as the sizes of its buffers, wherever they are."""
        return sum(part.bytes for part in self.parts if part.by_llama)

    def bytes_of(self, *names: str) -> int:
        """Sum of the parts of these names."""
        return sum(part.bytes for part in self.parts if part.name in names)

    def _is_on_host(self, part: MemoryPart) -> bool:
        return self.shares_memory or part.place is Place.HOST


def plan_memory(shape: ModelShape, settings: MemorySettings, conditions: Conditions) -> MemoryPlan:
    """Plan the memory of a model."""
    parts = (
        *weight_parts(shape, conditions),
        *context_parts(shape, settings, conditions),
        *process_parts(shape, settings, conditions),
    )
    return MemoryPlan(settings, parts, conditions.machine.shares_memory)
