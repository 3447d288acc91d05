"""What the user set for a run of benches."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class BenchOptions:
    """Options that only some benches take.

    Attributes:
        kills: how often `crash` kills the node.
        stops: how often `stop` stops the node.
        seed: of what is drawn at random.
    """

    kills: int = 200
    seed: int = 1
    stops: int = 200
