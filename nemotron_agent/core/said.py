"""What a command tells, for the values of calls to be taken from."""

import dataclasses
from collections.abc import Mapping

from nemotron_agent.core.said_quantities import Quantity


@dataclasses.dataclass(frozen=True)
class Said:
    """What a command tells; any value may be meant where it tells none.

    Attributes:
        quantities: numbers with units, by a unit of their kind.
        listed: values; an argument that lists some of them is one of those.
    """

    quantities: Mapping[str, tuple[Quantity, ...]] = dataclasses.field(default_factory=dict)
    listed: frozenset[str] = frozenset()
