"""One door for commands, from whatever road: checks them and puts them in the queue."""

import contextlib
from collections.abc import Iterator

from nemotron_agent_interfaces.action import ExecuteTask

from nemotron_agent.core.agent_events import EventSink
from nemotron_agent.core.errors import (
    InvalidTaskError,
    NotActiveError,
    QueueFullError,
    TaskRefusedError,
)
from nemotron_agent.core.json_text import encodable
from nemotron_agent.core.shortened import shortened
from nemotron_agent.core.task import Task, TaskResult, TaskStatus
from nemotron_agent.core.task_handle import TaskHandle
from nemotron_agent.core.task_queue import TaskQueue
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.safety.recorder import Recorder
from nemotron_agent.safety.stop_latch import StopLatch
from nemotron_agent.safety.stop_words import StopWords

STOPPED = 'Stopped. Nothing moves until the stop is released.'
NOT_ACTIVE = 'the agent is not active: configure and activate its node first'
MAX_NAME_CHARACTERS = 256
MAX_TIMEOUT_SEC = 86400.0
THINKING = {
    ExecuteTask.Goal.THINKING_DEFAULT: None,
    ExecuteTask.Goal.THINKING_OFF: Thinking.OFF,
    ExecuteTask.Goal.THINKING_ON: Thinking.ON,
    ExecuteTask.Goal.THINKING_AUTO: Thinking.AUTO,
}
STATUS_OF_REFUSAL = {
    NotActiveError: TaskStatus.NOT_ACTIVE,
    InvalidTaskError: TaskStatus.INVALID_TASK,
    QueueFullError: TaskStatus.QUEUE_FULL,
}


def refusal(error: TaskRefusedError) -> TaskResult:
    """Make the result of a task that was not taken."""
    return TaskResult(STATUS_OF_REFUSAL[type(error)], error=str(error))


class TaskIntake:
    """Takes tasks while the node is active, and words that stop at any time.

    `queue` is the node's while it is active, None otherwise; so is `recorder` while it is
    configured, and `stop_words` once they are known.
    """

    def __init__(self, latch: StopLatch) -> None:
        self._latch = latch
        self.stop_words: StopWords | None = None
        self.queue: TaskQueue | None = None
        self._left: list[TaskQueue] = []
        self.recorder: Recorder | None = None
        self.max_command_bytes = 0
        self.default_conversation = ''
        self.cancel_orphans = True

    def submit(
        self,
        text: str,
        on_event: EventSink,
        *,
        origin: str,
        conversation_id: str = '',
        priority: int = 0,
        thinking: int = ExecuteTask.Goal.THINKING_DEFAULT,
        timeout_sec: float = 0.0,
    ) -> TaskHandle:
        """Check a command and queue it; empty and 0 mean the node's own.

        Words that stop do so whatever else is wrong with it. `thinking` is one of the constants of
        `ExecuteTask`.

        Raises:
            TaskRefusedError: not active, not a command, or no room.
        """
        text = encodable(text).strip()
        said = self.stop_words.stop_in(text) if self.stop_words else ''
        if said:
            who = shortened(origin, MAX_NAME_CHARACTERS)
            self._latch.stop(f'the words "{said}" from {who}')
            return _carried_out(Task(text, conversation_id, origin), on_event, STOPPED)
        recorder = self.recorder
        try:
            queue, task = self._checked(
                text, origin, conversation_id, priority, thinking, timeout_sec
            )
            if recorder is not None:
                recorder.command(task)
            handle = queue.submit(task, on_event)
        except TaskRefusedError as error:
            if recorder is not None:
                recorder.refused(text, origin, conversation_id, str(error))
            raise
        if recorder is not None:
            handle.on_end(lambda result: recorder.task_end(task, result))
        return handle

    def end(self) -> TaskQueue | None:
        """Take no more tasks; return the queue of those there are, which is to be closed."""
        queue = self.queue
        if queue is not None:
            # A task that outlives it still counts in `pause`.
            self._left = [*(left for left in self._left if not left.ended), queue]
            self.queue = None
        return queue

    @contextlib.contextmanager
    def pause(self) -> Iterator[bool]:
        """Let the tasks that run end, then begin none until the context ends.

        Gives whether nothing runs now; see `TaskQueue.pause`.
        """
        queue = self.queue
        queues = self._left if queue is None else [*self._left, queue]
        with contextlib.ExitStack() as pauses:
            yield all([pauses.enter_context(each.pause()) for each in queues])

    def _checked(
        self,
        text: str,
        origin: str,
        conversation_id: str,
        priority: int,
        thinking: int,
        timeout_sec: float,
    ) -> tuple[TaskQueue, Task]:
        queue = self.queue
        if queue is None:
            raise NotActiveError(NOT_ACTIVE)
        if not text:
            raise InvalidTaskError('the command is empty: say what to do')
        size = len(text.encode())
        if size > self.max_command_bytes:
            raise InvalidTaskError(
                f'the command has {size} bytes and may have {self.max_command_bytes}: '
                'shorten it, or raise the parameter max_command_bytes'
            )
        check_name('conversation_id', conversation_id)
        check_name('origin', origin)
        check_timeout(timeout_sec)
        task = Task(
            text=text,
            conversation_id=conversation_id or self.default_conversation,
            origin=origin,
            priority=priority,
            thinking=_thinking_choice(thinking),
            timeout_sec=timeout_sec or None,
        )
        return queue, task


def _carried_out(task: Task, on_event: EventSink, answer: str) -> TaskHandle:
    """A task that was done as soon as it was taken."""
    handle = TaskHandle(task, on_event, order=0)
    handle.end(TaskResult(TaskStatus.DONE, answer=answer))
    return handle


def check_name(name: str, value: str) -> None:
    """See that a name that a client gives is not too long.

    Raises:
        InvalidTaskError: it is.
    """
    if len(value) > MAX_NAME_CHARACTERS:
        raise InvalidTaskError(
            f'{name} has {len(value)} characters and may have {MAX_NAME_CHARACTERS}'
        )


def check_timeout(timeout_sec: float) -> None:
    """See that a time limit that a client gives is one.

    Raises:
        InvalidTaskError: it is not.
    """
    if not 0.0 <= timeout_sec <= MAX_TIMEOUT_SEC:
        raise InvalidTaskError(
            f"timeout_sec is {timeout_sec}: give 0 for the agent's own limit, "
            f'or up to {MAX_TIMEOUT_SEC:.0f}'
        )


def _thinking_choice(value: int) -> Thinking | None:
    if value not in THINKING:
        raise InvalidTaskError(
            f'thinking is {value}: give 0 (default), 1 (off), 2 (on) or 3 (auto)'
        )
    return THINKING[value]
