"""Spins an executor in a thread of its own."""

import logging
import threading

from rclpy.executors import Executor, ExternalShutdownException

logger = logging.getLogger(__name__)

PAUSE_SEC = 0.05


class Spinner:
    """A thread that spins an executor until `close`, whatever happens in it.

    rclpy's `spin` ends with any exception, of a callback as of its own making: clients that are
    made or destroyed while it waits can be met half-made (`_lock` missing, `InvalidHandle`). A
    node must not go deaf for that, so it is logged and spinning goes on.
    """

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._spin, name='executor', daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether it still spins."""
        return self._thread.is_alive()

    def close(self, timeout_sec: float = 2.0) -> None:
        """Shut the executor down and wait for the thread's end; may be called twice."""
        self._closing.set()
        self._executor.shutdown(timeout_sec=timeout_sec)
        self._thread.join(timeout_sec)

    def _spin(self) -> None:
        while not self._closing.is_set():
            try:
                self._executor.spin()
            except ExternalShutdownException:
                return
            except Exception:
                if not self._closing.wait(PAUSE_SEC):
                    logger.exception('an error in the executor; it goes on')
