"""Notices that a heartbeat has been lost."""

import threading
import time
from collections.abc import Callable


class HeartbeatWatch:
    """Waits for beats in a thread of its own, from `arm` until a beat is late or `disarm`.

    Args:
        limit_sec: longest time between two beats, and from `arm` to the first [s].
        on_lost: called once in that thread when it is exceeded; `arm` begins anew.
    """

    def __init__(self, limit_sec: float, on_lost: Callable[[], object]) -> None:
        self._limit_sec = limit_sec
        self._on_lost = on_lost
        self._changed = threading.Condition()
        self._deadline: float | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._watch, name='heartbeat', daemon=True)
        self._thread.start()

    def beat(self) -> None:
        """Take a beat."""
        with self._changed:
            if self._deadline is not None:
                # The thread finds the later deadline by itself when it wakes at the earlier one.
                self._deadline = time.monotonic() + self._limit_sec

    def arm(self) -> None:
        """Expect beats from now on."""
        self._set(time.monotonic() + self._limit_sec)

    def disarm(self) -> None:
        """Expect none."""
        self._set(None)

    def close(self) -> None:
        """End the thread; may be called twice."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _set(self, deadline: float | None) -> None:
        with self._changed:
            self._deadline = deadline
            self._changed.notify_all()

    def _watch(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                now = time.monotonic()
                if self._deadline is None or now < self._deadline:
                    self._changed.wait(None if self._deadline is None else self._deadline - now)
                    continue
                self._deadline = None
            self._on_lost()
