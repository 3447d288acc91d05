"""Something the robot was told to do and is doing, of the base or of the gripper."""

import enum


class MovementEnd(enum.Enum):
    """How a movement ended."""

    SUCCEEDED = 'succeeded'
    CANCELED = 'canceled'
    PREEMPTED = 'preempted'
    TIMED_OUT = 'timed out'
    BLOCKED = 'blocked'
    NO_POWER = 'no power'
    FAULT = 'fault'
    RESET = 'reset'
    CLOSED = 'closed'


class Movement:
    """A movement under way; the simulation drives it and ends it.

    Attributes:
        end: how it ended; None while it goes on.
        elapsed_sec: simulated time since its start.
        hung: it neither moves anything nor ends by itself, but can be stopped.
    """

    def __init__(self) -> None:
        self.end: MovementEnd | None = None
        self.elapsed_sec = 0.0
        self.hung = False
        self._stopping: MovementEnd | None = None

    def stop(self, end: MovementEnd) -> None:
        """Come to rest, and then end so; the first reason stays."""
        self._stopping = self._stopping or end

    def finish(self, end: MovementEnd) -> None:
        """End now, whatever still moves; the first end stays."""
        self.end = self.end or end
