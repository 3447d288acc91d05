"""One of the things that memory is needed for."""

import dataclasses
import enum


class Place(enum.Enum):
    """Where memory is: with the CPU, or on a GPU that has its own."""

    HOST = 'host'
    GPU = 'gpu'


@dataclasses.dataclass(frozen=True)
class MemoryPart:
    """An amount of memory with a name.

    Attributes:
        name: the same for the same thing in every plan.
        bytes: how much.
        place: where.
        droppable: pages of the model file that are read once; the system takes them back when
            memory is short.
        by_llama: whether llama.cpp logs it as one of its buffers.
    """

    name: str
    bytes: int
    place: Place = Place.HOST
    droppable: bool = False
    by_llama: bool = False
