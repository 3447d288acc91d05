"""The stop: once set, nothing passes the gate until it is released."""

import contextlib
import dataclasses
import logging
import threading
import time
from collections.abc import Callable, Iterator

from nemotron_agent.core.cancel_token import CancelReason, CancelToken

logger = logging.getLogger(__name__)

# Longest wait for listeners that are being told of what came before [s].
TELL_WAIT_SEC = 5.0


@dataclasses.dataclass(frozen=True)
class Stop:
    """A stop that holds.

    Attributes:
        reason: who stopped and how, for people.
        at: when, seconds since the epoch.
    """

    reason: str
    at: float = dataclasses.field(default_factory=time.time)

    def __str__(self) -> str:
        at = time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(self.at))
        return f'stopped by {self.reason} at {at}'


@dataclasses.dataclass(frozen=True)
class StopReport:
    """What one stop did.

    Attributes:
        stop: the stop that holds now: this one, or the one before that was not released.
        calls: running calls that were cancelled.
        arrived_at: when the stop arrived, by `time.monotonic` [s].
        canceled_at: when every call had been told, which sends the cancels of goals, likewise.
    """

    stop: Stop
    calls: int
    arrived_at: float
    canceled_at: float

    @property
    def latency_sec(self) -> float:
        """From the arrival until every cancel was sent."""
        return self.canceled_at - self.arrived_at


StopListener = Callable[[Stop | None, StopReport | None], None]


class StopLatch:
    """Set from any thread; stays until it is released.

    Running calls are cancelled in the thread that sets it, each by its token, before `stop`
    returns; so a goal's cancel has left by then. Listeners are told after that.

    Args:
        stop: holds from the beginning.
    """

    def __init__(self, stop: Stop | None = None) -> None:
        self._lock = threading.Lock()
        self._told = threading.Condition(self._lock)
        self._untold: Stop | None = None
        self._is_telling = False
        self._stop = stop
        self._report: StopReport | None = None
        self._watched: list[CancelToken] = []
        self._listeners: list[StopListener] = []

    @property
    def stopped(self) -> Stop | None:
        """The stop that holds, or None."""
        return self._stop

    @property
    def last_report(self) -> StopReport | None:
        """What the stop did that holds, or held last; None if there was none."""
        return self._report

    def listen(self, listener: StopListener) -> None:
        """Have `listener` told of a stop, with its report, and of its release, with None.

        They are called one after the other, in the thread of the stop or release, and in the order
        of stops and releases, so that what they were told last is so. A stop while one holds is
        not told: what publishes e-stops does so all the time.
        """
        self._listeners.append(listener)

    def stop(self, reason: str, arrived_at: float | None = None) -> StopReport:
        """Stop everything that is watched; nothing is, if a stop holds already.

        Args:
            reason: who stops and how, such as `the service ~/stop`.
            arrived_at: when it arrived, by `time.monotonic` [s]; now by default.
        """
        arrived_at = time.monotonic() if arrived_at is None else arrived_at
        with self._lock:
            begins = self._stop is None
            stop = self._stop = self._stop or Stop(reason)
            if begins:
                self._untold = stop
            watched = list(self._watched)
        for token in watched:
            token.cancel(CancelReason.STOPPED)
        report = StopReport(stop, len(watched), arrived_at, time.monotonic())
        if begins:
            self._report = report
            latency_ms = 1e3 * report.latency_sec
            logger.warning('%s: %d calls cancelled in %.3f ms', stop, report.calls, latency_ms)
            self._begin_telling()
            self._tell(stop, report)
        return report

    def release(self) -> Stop | None:
        """Let calls pass again; return the stop that held, or None.

        It waits until the listeners were told of that stop, but not for ever.
        """
        with self._told:
            self._await(lambda: self._untold is None and not self._is_telling)
            stop, self._stop = self._stop, None
            self._is_telling = stop is not None
        if stop is not None:
            logger.warning('released; it was %s', stop)
            self._tell(None, None)
        return stop

    @contextlib.contextmanager
    def watch(self, token: CancelToken) -> Iterator[Stop | None]:
        """Have a stop cancel `token` while the context lasts; give the stop that holds already."""
        with self._lock:
            stop = self._stop
            if stop is None:
                self._watched.append(token)
        try:
            yield stop
        finally:
            if stop is None:
                with self._lock:
                    self._watched.remove(token)

    def _begin_telling(self) -> None:
        """Wait for the listeners of a release that came before the stop."""
        with self._told:
            self._await(lambda: not self._is_telling)
            self._untold, self._is_telling = None, True

    def _await(self, told: Callable[[], bool]) -> None:
        if not self._told.wait_for(told, TELL_WAIT_SEC):
            logger.error('who listens to stops has not returned in %.0f s', TELL_WAIT_SEC)

    def _tell(self, stop: Stop | None, report: StopReport | None) -> None:
        try:
            for listener in self._listeners:
                try:
                    listener(stop, report)
                except Exception:
                    logger.exception('a listener of the stop failed')
        finally:
            with self._told:
                self._is_telling = False
                self._told.notify_all()
