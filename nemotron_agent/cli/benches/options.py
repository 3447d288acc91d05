"""What the user set for a run of benches."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class BenchOptions:
    """Options that only some benches take.

    Attributes:
        kills: how often `crash` kills the node.
        stops: how often `stop` stops the node.
        turns: turns of `soak` with the tiny hybrid, or the model that is named; a real model that
            is not named has a tenth of them.
        seed: of what is drawn at random.
    """

    kills: int = 200
    seed: int = 1
    stops: int = 200
    turns: int = 2000
