"""A task that was taken, for those who gave it."""

import threading
from collections.abc import Callable

from nemotron_agent.core.agent_events import EventSink
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.task import Task, TaskResult


class TaskHandle:
    """A submitted task: cancel it, wait for it, be told when it has ended."""

    def __init__(self, task: Task, on_event: EventSink, order: int) -> None:
        self.task = task
        self.cancel = CancelToken()
        self.on_event = on_event
        self.order = order
        self._ended = threading.Event()
        self._result: TaskResult | None = None
        self._lock = threading.Lock()
        self._on_end: list[Callable[[TaskResult], None]] = []

    @property
    def result(self) -> TaskResult | None:
        """The result, or None until the task has ended."""
        return self._result

    def wait(self, timeout_sec: float | None = None) -> TaskResult | None:
        """Wait for the end; None if it has not come in time."""
        self._ended.wait(timeout_sec)
        return self._result

    def join(self) -> TaskResult:
        """Wait for the end, however long it takes: the task's own limit bounds it."""
        self._ended.wait()
        assert self._result is not None, 'an ended task has a result'
        return self._result

    def on_end(self, callback: Callable[[TaskResult], None]) -> None:
        """Have `callback` told the result, at once if the task has ended."""
        with self._lock:
            if self._result is None:
                self._on_end.append(callback)
                return
            result = self._result
        callback(result)

    def end(self, result: TaskResult) -> None:
        """Set the result, as the queue does; only the first counts."""
        with self._lock:
            if self._result is not None:
                return
            self._result = result
            callbacks, self._on_end = self._on_end, []
        self._ended.set()
        for callback in callbacks:
            callback(result)

    @property
    def rank(self) -> tuple[int, int]:
        """Place in the queue: smaller goes first."""
        return (-self.task.priority, self.order)
