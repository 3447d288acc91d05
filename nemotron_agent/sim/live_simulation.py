"""A simulation that runs with the time of day and that several threads share."""

import contextlib
import threading
from collections.abc import Callable, Iterator

from nemotron_agent.sim.movement import MovementEnd
from nemotron_agent.sim.simulation import Simulation

# A tick that comes later than this does not make up for it all [s].
MAX_LAG_SEC = 0.5


class LiveSimulation:
    """Lets one thread advance a simulation while others look, start movements and wait.

    Args:
        simulation: the one to run; from now on reached only through `use`.
        speed_up: simulated seconds in a real one.
    """

    def __init__(self, simulation: Simulation, speed_up: float = 1.0) -> None:
        self._simulation = simulation
        self._speed_up = speed_up
        self._changed = threading.Condition()
        self._last_tick_sec: float | None = None
        self._owed_sec = 0.0
        self._closed = False

    @property
    def speed_up(self) -> float:
        """Simulated seconds in a real one."""
        return self._speed_up

    @contextlib.contextmanager
    def use(self) -> Iterator[Simulation]:
        """Give the simulation while nobody else has it."""
        with self._changed:
            yield self._simulation

    def tick(self, now_sec: float) -> None:
        """Advance to a time [s] of a steady clock, in whole steps; the first call only starts."""
        with self._changed:
            last, self._last_tick_sec = self._last_tick_sec, now_sec
            if last is None or self._closed:
                return
            self._owed_sec += min(now_sec - last, MAX_LAG_SEC) * self._speed_up
            while self._owed_sec >= self._simulation.step_sec:
                self._owed_sec -= self._simulation.step_sec
                self._simulation.step()
            self._changed.notify_all()

    def wait_for(self, predicate: Callable[[], bool], timeout_sec: float) -> bool:
        """Wait until something holds, asked after each tick; return whether it does."""
        with self._changed:
            return self._changed.wait_for(predicate, timeout_sec)

    def close(self) -> None:
        """Stand still for good: movements end as closed, and so does each that begins later."""
        with self._changed:
            self._closed = True
            self._simulation.finish(MovementEnd.CLOSED)
            self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether it stands still for good."""
        return self._closed
