"""What was seen in one turn that the loop itself does not tell."""

import dataclasses

from nemotron_agent.core.cancel_token import CancelToken


@dataclasses.dataclass
class Observation:
    """Filled by the watched model and the watched tools while a turn runs.

    Attributes:
        interrupts: the task is canceled when its first skill runs.
        cancel: of the task.
        unparsed, out_of_bounds, crash: see `TurnFacts`.
    """

    interrupts: bool = False
    cancel: CancelToken = dataclasses.field(default_factory=CancelToken)
    unparsed: int = 0
    out_of_bounds: int = 0
    crash: str = ''

    def crashed(self, error: Exception) -> None:
        """Note an error of ours; the first one counts."""
        self.crash = self.crash or f'{type(error).__name__}: {error}'
