"""One event that says stop, passed down from whoever may cancel to whoever works."""

import enum
import logging
import threading
from collections.abc import Callable
from typing import TypeVar

logger = logging.getLogger(__name__)

Result = TypeVar('Result')


class CancelReason(enum.Enum):
    """Why work is to end early."""

    CANCELED = 'canceled'
    PREEMPTED = 'preempted'
    TIMED_OUT = 'timed out'
    SHUTDOWN = 'shut down'
    STOPPED = 'stopped'


class CancelToken:
    """Set once, from any thread; the first reason stays."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.RLock()
        self._reason: CancelReason | None = None
        self._callbacks: list[Callable[[], None]] = []

    @property
    def canceled(self) -> bool:
        """Whether `cancel` was called."""
        return self._event.is_set()

    @property
    def reason(self) -> CancelReason | None:
        """Why, or None while nobody canceled."""
        return self._reason

    def cancel(self, reason: CancelReason = CancelReason.CANCELED) -> None:
        """Cancel, and run the callbacks in this thread, all of them even if one fails."""
        with self._lock:
            if self._event.is_set():
                return
            self._reason = reason
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            try:
                callback()
            except Exception:
                logger.exception('what a cancel calls for failed')

    def unless_canceled(self, action: Callable[[], Result]) -> Result | None:
        """Do something short, or return None if canceled; no cancel comes in between.

        A cancel from another thread waits for the action, and then finds what that added by
        `on_cancel`.
        """
        with self._lock:
            return None if self._event.is_set() else action()

    def wait(self, timeout_sec: float | None = None) -> bool:
        """Wait for a cancel; return whether there was one."""
        return self._event.wait(timeout_sec)

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Have `callback` run once on cancel, now if that has been; return what undoes this."""
        with self._lock:
            if not self._event.is_set():
                self._callbacks.append(callback)
                return lambda: self._discard(callback)
        callback()
        return lambda: None

    def _discard(self, callback: Callable[[], None]) -> None:
        with self._lock:
            if callback in self._callbacks:
                self._callbacks.remove(callback)
