"""Runs that ended UNKNOWN, until it is known how they ended."""

import logging
import threading
from collections.abc import Callable

from nemotron_agent.core.tool import EndSink, RequestState

PERIOD_SEC = 0.2
MAX_FOLLOWED = 256

logger = logging.getLogger(__name__)

Look = Callable[[], tuple[RequestState, str] | None]


class LateEnds:
    """Follows them in a thread of its own, which lives while there is something to follow.

    Of more than MAX_FOLLOWED the oldest is followed no more: only an operator can release what it
    holds then.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._followed: list[tuple[Look, EndSink]] = []
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, look: Look, sink: EndSink) -> None:
        """Call `look` every now and then until it gives the end; tell `sink` of it."""
        with self._lock:
            if self._closing.is_set():
                return
            self._followed = [*self._followed, (look, sink)][-MAX_FOLLOWED:]
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name='late-ends', daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Follow nothing any more; may be called twice."""
        with self._lock:
            self._closing.set()
            thread = self._thread
        if thread is not None:
            thread.join()

    def _work(self) -> None:
        while not self._closing.wait(PERIOD_SEC):
            for followed in list(self._followed):
                self._look(followed)
            with self._lock:
                if not self._followed:
                    self._thread = None
                    return

    def _look(self, followed: tuple[Look, EndSink]) -> None:
        look, sink = followed
        try:
            end = look()
            if end is None:
                return
            sink(*end)
        except Exception:
            logger.exception('a run that ended unknown can be followed no more')
        with self._lock:
            self._followed = [other for other in self._followed if other is not followed]
