"""Tasks wait here for their turn: by priority, one at a time a conversation, bounded."""

import contextlib
import functools
import gc
import itertools
import logging
import threading
import time
from collections.abc import Callable, Iterator

from nemotron_agent.core.agent_events import EventSink, Queued
from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.errors import QueueFullError
from nemotron_agent.core.task import Task, TaskResult, TaskStatus
from nemotron_agent.core.task_handle import TaskHandle

logger = logging.getLogger(__name__)

RunTask = Callable[[Task, EventSink, CancelToken], TaskResult]
WhenIdle = Callable[[CancelToken], object]


def _rest(cancel: CancelToken) -> None:
    """Do nothing when idle."""


class TaskQueue:
    """Runs tasks in `workers` threads of its own.

    Of the waiting tasks the one of highest priority goes first, the oldest among equals; never two
    of one conversation at once. A task that could start only after one of lower priority preempts
    that one.

    Args:
        run: carries out one task.
        capacity: tasks that may wait.
        workers: tasks that may run at once.
        default_timeout_sec: limit for a task that sets none, from its submission [s].
        when_idle: done in one of the threads after tasks, once none runs or waits. No task begins
            before it has ended, and every task cancels it.
    """

    def __init__(
        self,
        run: RunTask,
        *,
        capacity: int,
        workers: int,
        default_timeout_sec: float,
        when_idle: WhenIdle = _rest,
    ) -> None:
        self._run = run
        self._when_idle = when_idle
        self._has_idle_work = False
        self._idle: CancelToken | None = None
        self._capacity = capacity
        self._default_timeout_sec = default_timeout_sec
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._waiting: list[TaskHandle] = []
        self._running: list[TaskHandle] = []
        self._closed = False
        self._given_up = False
        self._paused = False
        self._threads = [
            threading.Thread(target=self._work, name=f'task-{i}', daemon=True)
            for i in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """Tasks that wait."""
        with self._changed:
            return len(self._waiting)

    @property
    def running(self) -> int:
        """Tasks that run."""
        with self._changed:
            return len(self._running)

    def is_busy(self, conversation_id: str) -> bool:
        """Whether a task of the conversation runs or waits."""
        with self._changed:
            return any(self._of(conversation_id))

    def submit(self, task: Task, on_event: EventSink) -> TaskHandle:
        """Put a task in the queue.

        Raises:
            QueueFullError: the queue is full, or closed.
        """
        handle = TaskHandle(task, on_event, next(self._order))
        with self._changed:
            if self._closed:
                raise QueueFullError('the agent takes no more tasks: it is shutting down')
            free = len(self._threads) - len(self._running)
            if len(self._waiting) >= self._capacity + free:
                raise QueueFullError(
                    f'{len(self._waiting)} tasks are waiting already: try again later, '
                    'cancel some, or raise the parameter queue_size'
                )
            self._waiting.append(handle)
            position = sum(other.rank < handle.rank for other in self._waiting)
            position += len(self._running)
            preempted = self._gives_way_to(handle)
            self._changed.notify_all()
        self._end_idle_work(CancelReason.PREEMPTED)
        on_event(Queued(position))
        timeout_sec = task.timeout_sec or self._default_timeout_sec
        timer = threading.Timer(timeout_sec, handle.cancel.cancel, (CancelReason.TIMED_OUT,))
        timer.daemon = True
        timer.start()
        handle.on_end(lambda result: timer.cancel())
        stay = handle.cancel.on_cancel(lambda: self._leave(handle))
        handle.on_end(lambda result: stay())
        if preempted is not None:
            preempted.cancel.cancel(CancelReason.PREEMPTED)
        return handle

    @property
    def ended(self) -> bool:
        """Whether it is closed and nothing of it runs any more."""
        return not any(thread.is_alive() for thread in self._threads)

    @contextlib.contextmanager
    def pause(self) -> Iterator[bool]:
        """Let the tasks that run end, then begin none until the context ends; others wait.

        Gives whether nothing runs now: a task may outlive the time that `close` gave it.
        """
        with self._changed:
            self._paused = True
        self._end_idle_work(CancelReason.PREEMPTED)
        try:
            with self._changed:
                self._changed.wait_for(lambda: self._is_quiet or self._given_up)
                is_quiet = self._is_quiet
            yield is_quiet
        finally:
            with self._changed:
                self._paused = False
                self._changed.notify_all()

    def cancel_all(self, reason: CancelReason) -> None:
        """Cancel what runs and what waits."""
        with self._changed:
            handles = [*self._running, *self._waiting]
        self._end_idle_work(reason)
        for handle in handles:
            handle.cancel.cancel(reason)

    def cancel_conversation(self, conversation_id: str, timeout_sec: float) -> bool:
        """Cancel the tasks of a conversation; return whether they ended in time [s].

        What is done when idle ends too: it may be about that conversation.
        """
        with self._changed:
            handles = list(self._of(conversation_id))
        for handle in handles:
            handle.cancel.cancel()
        self._end_idle_work(CancelReason.CANCELED)
        deadline = time.monotonic() + timeout_sec
        with self._changed:
            is_quiet = self._changed.wait_for(lambda: self._idle is None, timeout_sec)
        return is_quiet and all(
            handle.wait(max(0.0, deadline - time.monotonic())) for handle in handles
        )

    def close(self, timeout_sec: float) -> bool:
        """Cancel everything and end the threads; return whether they ended in time [s].

        A task that did not is over for those who wait for it, though it may still run.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self.cancel_all(CancelReason.SHUTDOWN)
        deadline = time.monotonic() + timeout_sec
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if self.ended:
            return True
        self._give_up(timeout_sec)
        return False

    def _give_up(self, timeout_sec: float) -> None:
        """Let nobody wait for what runs on."""
        with self._changed:
            self._given_up = True
            handles = list(self._running)
            self._changed.notify_all()
        error = f'the task was told to end and has not ended within {timeout_sec:g} s'
        for handle in handles:
            handle.end(TaskResult(TaskStatus.INTERNAL, error=error))

    def _of(self, conversation_id: str) -> list[TaskHandle]:
        handles = [*self._running, *self._waiting]
        return [h for h in handles if h.task.conversation_id == conversation_id]

    def _next(self) -> TaskHandle | None:
        """The waiting task that may start now; the lock is held."""
        if self._paused or self._idle is not None:
            return None
        busy = {handle.task.conversation_id for handle in self._running}
        ready = [h for h in self._waiting if h.task.conversation_id not in busy]
        return min(ready, key=lambda handle: handle.rank, default=None)

    def _gives_way_to(self, new: TaskHandle) -> TaskHandle | None:
        """The running task that `new` preempts, if any; the lock is held."""
        same = [h for h in self._running if h.task.conversation_id == new.task.conversation_id]
        no_thread_free = len(self._running) >= len(self._threads)
        rivals = same or (self._running if no_thread_free else [])
        lowest = max(rivals, key=lambda handle: handle.rank, default=None)
        if lowest is not None and lowest.task.priority < new.task.priority:
            return lowest
        return None

    def _leave(self, handle: TaskHandle) -> None:
        """Take a task that was cancelled while it waited out of the queue."""
        with self._changed:
            if handle not in self._waiting:
                return
            self._waiting.remove(handle)
        reason = handle.cancel.reason or CancelReason.CANCELED
        handle.end(
            TaskResult(
                TaskStatus.of_cancel(reason),
                error=f'the task was {reason.value} while it waited',
            )
        )

    @property
    def _is_quiet(self) -> bool:
        """Whether nothing runs; the lock is held."""
        return not self._running and self._idle is None

    @property
    def _is_busy(self) -> bool:
        """Whether there is anything to do before what is done when idle; the lock is held."""
        return bool(self._paused or self._running or self._waiting or self._idle)

    def _work(self) -> None:
        work = self._wait_for_work()
        while work is not None:
            work()
            work = self._wait_for_work()

    def _wait_for_work(self) -> Callable[[], None] | None:
        """The next task, or what is done when idle; None once the queue is closed."""
        with self._changed:
            while not self._closed:
                handle = self._next()
                if handle is not None:
                    self._waiting.remove(handle)
                    self._running.append(handle)
                    return functools.partial(self._carry_out, handle)
                if self._has_idle_work and not self._is_busy:
                    self._has_idle_work = False
                    self._idle = CancelToken()
                    return functools.partial(self._do_idle_work, self._idle)
                self._changed.wait()
        return None

    def _carry_out(self, handle: TaskHandle) -> None:
        try:
            result = self._run(handle.task, handle.on_event, handle.cancel)
        except Exception as error:
            logger.exception('a task failed')
            result = TaskResult(
                TaskStatus.INTERNAL, error=f'the agent failed: {error!r}; see its log'
            )
        with self._changed:
            self._running.remove(handle)
            self._has_idle_work = True
            self._changed.notify_all()
        handle.end(result)

    def _do_idle_work(self, cancel: CancelToken) -> None:
        try:
            self._when_idle(cancel)
        except Exception:
            logger.exception('what is done between tasks failed')
        if not cancel.canceled:
            # Templates leave circles behind; freed in a reply, they would delay it.
            gc.collect()
        with self._changed:
            self._idle = None
            self._changed.notify_all()

    def _end_idle_work(self, reason: CancelReason) -> None:
        with self._changed:
            idle = self._idle
        if idle is not None:
            idle.cancel(reason)
