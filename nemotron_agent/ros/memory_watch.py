"""Watches the machine's memory while the agent runs, and uses less before the kernel acts."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from nemotron_agent.core.agent import Agent
from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.errors import ModelError
from nemotron_agent.llm.memory_ladder import (
    LEAST_CTX,
    MemoryLadder,
    MemoryMarks,
    Rung,
    ladder_rungs,
    size_on,
)
from nemotron_agent.llm.memory_pressure import MemoryPressure, read_pressure
from nemotron_agent.llm.system_memory import SystemMemory
from nemotron_agent.ros.task_intake import TaskIntake

logger = logging.getLogger(__name__)

PERIOD_SEC = 0.5
ROOM_FOR_COMMANDS = 512


class Serving(Protocol):
    """Begins and ends to take tasks: a lifecycle node."""

    def trigger_activate(self) -> Any:
        """Begin."""

    def trigger_deactivate(self) -> Any:
        """End, and cancel what runs."""


class MemoryWatch:
    """Steps down a ladder while memory is short and up again when there is plenty.

    Fewer snapshots take effect between two replies. Every other step waits for the end of the
    tasks that run; those that come meanwhile wait. The last step deactivates the node.

    Args:
        node: whose agent it is.
        intake: has the node's queue while it is active.
        model: gets a context of another size.
        read: reads how short memory is.
        marks: when to step.
        least_ctx: tokens that a context must hold to be of use.
        period_sec: between two readings [s].
    """

    def __init__(
        self,
        node: Serving,
        intake: TaskIntake,
        model: ChatModel,
        read: Callable[[], MemoryPressure],
        marks: MemoryMarks,
        least_ctx: int,
        period_sec: float = PERIOD_SEC,
    ) -> None:
        self.pressure = read()
        self._node = node
        self._intake = intake
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

    @classmethod
    def begin(
        cls,
        node: Serving,
        intake: TaskIntake,
        agent: Agent,
        low_bytes: int,
        system: SystemMemory,
        bytes_before: int,
    ) -> 'MemoryWatch | None':
        """Watch for an agent; None where nothing is to be watched, or its model takes nothing.

        Args:
            node: whose agent it is.
            intake: has the node's queue while it is active.
            agent: whose model gets a context of another size.
            low_bytes: with less free it steps down; 0 watches nothing.
            system: where to read.
            bytes_before: what this process could take in all, before the model was loaded.

        Raises:
            ModelError: what every conversation begins with cannot be counted.
        """
        use = agent.model.memory_use
        if not low_bytes or use is None:
            return None
        opening = agent.model.count_tokens(agent.opening(Conversation(''))) or 0
        least_ctx = opening + agent.model.reply_reserve(False) + ROOM_FOR_COMMANDS
        return cls(
            node,
            intake,
            agent.model,
            lambda: read_pressure(system, use.mapped),
            MemoryMarks.beside(use, low_bytes, bytes_before),
            max(LEAST_CTX, least_ctx),
        )

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
        logger.warning(
            '%d MB of memory are free: the agent goes from "%s" to "%s"',
            self.pressure.free_bytes // 10**6,
            self.rung.value,
            rung.value,
        )
        problem = ''
        try:
            with self._between_tasks(rung) as is_quiet:
                if self._ends.is_set():
                    return
                if is_quiet:
                    self._carry_out(rung)
                else:
                    problem = 'a task that was told to end still runs'
        except ModelError as error:
            problem = str(error)
        except Exception as error:  # a defect; memory must be watched on
            logger.exception('a step for want of memory failed')
            problem = repr(error)
        if problem:
            logger.error('the agent stays at "%s": %s', self.rung.value, problem)
            rung = self.rung
        self._ladder.stand_on(rung)

    def _between_tasks(self, rung: Rung) -> contextlib.AbstractContextManager[bool]:
        if rung is Rung.FEWER_SNAPSHOTS:
            return contextlib.nullcontext(True)
        return self._intake.pause()

    def _carry_out(self, rung: Rung) -> None:
        if rung is Rung.INACTIVE:
            self._suspended = self._intake.queue is not None
            if self._suspended:
                self._node.trigger_deactivate()
            return
        if self._size is not None:
            size = size_on(rung, self._size, self._least_ctx)
            if size != self._model.context_size:
                self._model.resize(size)
        if self._suspended and self._intake.queue is None:
            self._node.trigger_activate()
        self._suspended = False
