"""Which goals run and how the last ones ended, for the robot's state."""

import collections
import dataclasses
import threading

REMEMBERED = 20


@dataclasses.dataclass(frozen=True)
class EndedGoal:
    """A goal that is over: its number, counted over all actions, and its status."""

    number: int
    action: str
    status: str


class GoalRecord:
    """Numbers the goals of all actions; from any thread."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._active: dict[int, str] = {}
        self._ended: collections.deque[EndedGoal] = collections.deque(maxlen=REMEMBERED)

    def begin(self, action: str) -> int:
        """Note a goal that was accepted; return its number."""
        with self._changed:
            self._count += 1
            self._active[self._count] = action
            return self._count

    def end(self, number: int, status: str) -> None:
        """Note its end."""
        with self._changed:
            self._ended.append(EndedGoal(number, self._active.pop(number), status))
            self._changed.notify_all()

    def wait_until_idle(self, timeout_sec: float) -> bool:
        """Wait until no goal is under way; return whether that came."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._active, timeout_sec)

    @property
    def active(self) -> list[str]:
        """Actions with a goal under way, oldest first."""
        with self._changed:
            return list(self._active.values())

    @property
    def ended(self) -> list[EndedGoal]:
        """The last goals that ended, oldest first."""
        with self._changed:
            return list(self._ended)
