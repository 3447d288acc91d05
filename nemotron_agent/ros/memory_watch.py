"""Watches the machine's memory while the agent runs, and uses less before the kernel acts."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Protocol

from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.errors import ModelError
from nemotron_agent.core.task_queue import TaskQueue
from nemotron_agent.llm.memory_ladder import MemoryLadder, MemoryMarks, Rung, ladder_rungs, size_on
from nemotron_agent.llm.memory_pressure import MemoryPressure

PERIOD_SEC = 0.5


class WatchedNode(Protocol):
    """What the watch needs of the agent's node."""

    def running_queue(self) -> TaskQueue | None:
        """The queue while the node is active."""

    def suspend(self) -> None:
        """Deactivate the node."""

    def resume(self) -> None:
        """Activate the node again."""

    def warn(self, text: str) -> None:
        """Log a warning."""


class MemoryWatch:
    """Steps down a ladder while memory is short and up again when there is plenty.

    Fewer snapshots take effect between two replies. Every other step waits for the end of the
    tasks that run; those that come meanwhile wait. The last step deactivates the node.

    Args:
        node: whose agent it is.
        model: gets a context of another size.
        read: reads how short memory is.
        marks: when to step.
        least_ctx: tokens that a context must hold to be of use.
        period_sec: between two readings [s].
    """

    def __init__(
        self,
        node: WatchedNode,
        model: ChatModel,
        read: Callable[[], MemoryPressure],
        marks: MemoryMarks,
        least_ctx: int,
        period_sec: float = PERIOD_SEC,
    ) -> None:
        self.pressure = read()
        self._node = node
        self._model = model
        self._read = read
        self._size = model.context_size
        self._least_ctx = least_ctx
        self._ladder = MemoryLadder(ladder_rungs(self._size, least_ctx), marks)
        self._period_sec = period_sec
        self._suspended = False
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, name='memory_watch', daemon=True)
        self._thread.start()

    @property
    def rung(self) -> Rung:
        """What the agent does to use less memory."""
        return self._ladder.rung

    def close(self) -> None:
        """Watch no more."""
        self._ends.set()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _watch(self) -> None:
        while not self._ends.wait(self._period_sec):
            self.pressure = self._read()
            rung = self._ladder.judge(self.pressure, time.monotonic())
            if rung is not None:
                self._step_to(rung)

    def _step_to(self, rung: Rung) -> None:
        self._node.warn(
            f'{self.pressure.free_bytes / 1e6:.0f} MB of memory are free: '
            f'{self._ladder.rung.value} -> {rung.value}'
        )
        try:
            with self._between_tasks(rung):
                if not self._ends.is_set():
                    self._carry_out(rung)
        except ModelError as error:
            self._node.warn(f'the step to "{rung.value}" failed: {error}')
            self._ladder.stand_on(self._ladder.rung)
            return
        self._ladder.stand_on(rung)

    def _between_tasks(self, rung: Rung) -> contextlib.AbstractContextManager[None]:
        queue = self._node.running_queue()
        if rung is Rung.FEWER_SNAPSHOTS or queue is None:
            return contextlib.nullcontext()
        return queue.pause()

    def _carry_out(self, rung: Rung) -> None:
        if rung is Rung.INACTIVE:
            self._suspended = self._node.running_queue() is not None
            if self._suspended:
                self._node.suspend()
        elif self._size is not None:
            size = size_on(rung, self._size, self._least_ctx)
            if size != self._model.context_size:
                self._model.resize(size)
        if rung is not Rung.INACTIVE and self._suspended:
            self._suspended = False
            self._node.resume()
