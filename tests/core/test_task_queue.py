import gc
import threading
import weakref

import pytest

from nemotron_agent.core.agent_events import Queued
from nemotron_agent.core.cancel_token import CancelReason
from nemotron_agent.core.errors import QueueFullError
from nemotron_agent.core.task import Task, TaskResult, TaskStatus
from nemotron_agent.core.task_queue import TaskQueue
from nemotron_agent.testing.condition import wait_for

SOON = 10.0


class Worker:
    """Runs a task until it is let go or cancelled, and notes the order of starts."""

    def __init__(self):
        self.started = []
        self.go = threading.Event()
        self._start = threading.Condition()

    def __call__(self, task, on_event, cancel):
        with self._start:
            self.started.append(task.text)
            self._start.notify_all()
        if task.text == 'broken':
            raise RuntimeError('oh no')
        both = threading.Event()
        cancel.on_cancel(both.set)
        while not (self.go.is_set() or cancel.canceled):
            both.wait(0.01)
        return TaskResult(
            TaskStatus.of_cancel(cancel.reason) if cancel.canceled else TaskStatus.DONE
        )

    def wait_started(self, count):
        with self._start:
            assert self._start.wait_for(lambda: len(self.started) >= count, SOON)


@pytest.fixture
def worker():
    return Worker()


@pytest.fixture
def make_queue(worker):
    queues = []

    def make(capacity=4, workers=1, default_timeout_sec=60.0, **options):
        queue = TaskQueue(
            worker,
            capacity=capacity,
            workers=workers,
            default_timeout_sec=default_timeout_sec,
            **options,
        )
        queues.append(queue)
        return queue

    yield make
    worker.go.set()
    for queue in queues:
        assert queue.close(SOON)


def submit(queue, text, conversation='c', on_event=lambda event: None, **options):
    return queue.submit(Task(text, conversation, 'operator', **options), on_event)


def test_priority_goes_first_then_age(make_queue, worker):
    queue = make_queue()
    handles = [submit(queue, 'first', priority=9)]
    worker.wait_started(1)
    handles += [submit(queue, text, priority=p) for text, p in (('a', 0), ('b', 5), ('c', 0))]
    worker.go.set()
    for handle in handles:
        assert handle.wait(SOON).status is TaskStatus.DONE
    assert worker.started == ['first', 'b', 'a', 'c']


def test_one_task_of_a_conversation_at_a_time(make_queue, worker):
    queue = make_queue(workers=2)
    submit(queue, 'a1', 'a')
    second = submit(queue, 'a2', 'a')
    submit(queue, 'b1', 'b')
    worker.wait_started(2)
    assert sorted(worker.started) == ['a1', 'b1']
    assert queue.is_busy('a')
    assert not queue.is_busy('z')
    assert (queue.running, queue.waiting) == (2, 1)
    worker.go.set()
    assert second.wait(SOON).status is TaskStatus.DONE


def test_higher_priority_preempts_in_its_conversation(make_queue, worker):
    queue = make_queue(workers=2)
    low = submit(queue, 'low')
    worker.wait_started(1)
    high = submit(queue, 'high', priority=1)
    assert low.wait(SOON).status is TaskStatus.PREEMPTED
    worker.go.set()
    assert high.wait(SOON).status is TaskStatus.DONE


def test_higher_priority_preempts_where_no_thread_is_free(make_queue, worker):
    queue = make_queue()
    low = submit(queue, 'low', 'a')
    worker.wait_started(1)
    submit(queue, 'high', 'b', priority=1)
    assert low.wait(SOON).status is TaskStatus.PREEMPTED


def test_equal_priority_waits(make_queue, worker):
    queue = make_queue()
    first = submit(queue, 'first')
    worker.wait_started(1)
    submit(queue, 'second')
    assert not first.cancel.canceled


def test_a_full_queue_refuses(make_queue, worker):
    queue = make_queue(capacity=2)
    submit(queue, 'runs')
    worker.wait_started(1)
    submit(queue, 'waits 1')
    submit(queue, 'waits 2')
    with pytest.raises(QueueFullError, match='2 tasks are waiting.*queue_size'):
        submit(queue, 'one too many')


def test_a_closed_queue_refuses(make_queue):
    queue = make_queue()
    assert queue.close(SOON)
    with pytest.raises(QueueFullError, match='shutting down'):
        submit(queue, 'late')


def test_a_task_is_told_its_place(make_queue, worker):
    events = []
    queue = make_queue()
    submit(queue, 'first', on_event=events.append)
    worker.wait_started(1)
    submit(queue, 'second', on_event=events.append)
    assert events == [Queued(0), Queued(1)]


def test_a_waiting_task_can_be_canceled(make_queue, worker):
    queue = make_queue()
    submit(queue, 'runs')
    worker.wait_started(1)
    waits = submit(queue, 'waits')
    waits.cancel.cancel()
    result = waits.wait(SOON)
    assert result.status is TaskStatus.CANCELED
    assert 'while it waited' in result.error
    assert worker.started == ['runs']


def test_time_runs_while_a_task_waits(make_queue, worker):
    queue = make_queue()
    submit(queue, 'runs')
    worker.wait_started(1)
    waits = submit(queue, 'waits', timeout_sec=0.05)
    assert waits.wait(SOON).status is TaskStatus.TIMED_OUT


def test_a_task_without_a_limit_has_the_default(make_queue):
    assert submit(make_queue(default_timeout_sec=0.05), 'x').wait(SOON).status is (
        TaskStatus.TIMED_OUT
    )


def test_closing_cancels_all(make_queue, worker):
    queue = make_queue()
    handles = [submit(queue, 'runs'), submit(queue, 'waits')]
    worker.wait_started(1)
    assert queue.close(SOON)
    assert [h.wait(SOON).status for h in handles] == [TaskStatus.CANCELED] * 2
    assert handles[0].cancel.reason is CancelReason.SHUTDOWN


def test_cancel_of_a_conversation(make_queue, worker):
    queue = make_queue(workers=2)
    mine, other = submit(queue, 'mine', 'a'), submit(queue, 'other', 'b')
    worker.wait_started(2)
    assert queue.cancel_conversation('a', SOON)
    assert mine.result.status is TaskStatus.CANCELED
    assert other.result is None


def test_a_defect_ends_only_its_task(make_queue, worker):
    queue = make_queue()
    result = submit(queue, 'broken').wait(SOON)
    assert result.status is TaskStatus.INTERNAL
    assert 'oh no' in result.error
    worker.go.set()
    assert submit(queue, 'next').wait(SOON).status is TaskStatus.DONE


def test_on_end_is_told_early_and_late(make_queue, worker):
    told = []
    queue = make_queue()
    handle = submit(queue, 'x')
    handle.on_end(told.append)
    worker.go.set()
    handle.wait(SOON)
    handle.on_end(told.append)
    assert [result.status for result in told] == [TaskStatus.DONE] * 2


class Rest:
    """Idle work that lasts until it is canceled."""

    def __init__(self):
        self.began = threading.Semaphore(0)
        self.reasons = []

    def __call__(self, cancel):
        self.began.release()
        cancel.wait(SOON)
        self.reasons.append(cancel.reason)


def test_idle_work_is_done_once_after_tasks(make_queue, worker):
    done = threading.Semaphore(0)
    queue = make_queue(when_idle=lambda cancel: done.release())
    worker.go.set()
    assert submit(queue, 'first').wait(SOON)
    assert done.acquire(timeout=SOON)
    assert submit(queue, 'second').wait(SOON)
    assert done.acquire(timeout=SOON)
    assert queue.close(SOON)
    assert not done.acquire(blocking=False)


def test_a_task_cancels_idle_work_and_begins_after_it(make_queue, worker):
    rest = Rest()
    queue = make_queue(workers=2, when_idle=rest)
    worker.go.set()
    submit(queue, 'first')
    assert rest.began.acquire(timeout=SOON)
    assert submit(queue, 'second').wait(SOON).status is TaskStatus.DONE
    assert rest.reasons[0] is CancelReason.PREEMPTED


def test_clearing_a_conversation_ends_idle_work_first(make_queue, worker):
    rest = Rest()
    queue = make_queue(when_idle=rest)
    worker.go.set()
    submit(queue, 'first')
    assert rest.began.acquire(timeout=SOON)
    assert queue.cancel_conversation('c', SOON)
    assert rest.reasons == [CancelReason.CANCELED]


def test_closing_ends_idle_work(make_queue, worker):
    rest = Rest()
    queue = make_queue(when_idle=rest)
    worker.go.set()
    submit(queue, 'first')
    assert rest.began.acquire(timeout=SOON)
    assert queue.close(SOON)
    assert rest.reasons == [CancelReason.SHUTDOWN]


def test_idle_work_that_fails_does_not_stop_the_queue(make_queue, worker):
    def fail(cancel):
        raise RuntimeError('oh no')

    queue = make_queue(when_idle=fail)
    worker.go.set()
    for text in ('first', 'second'):
        assert submit(queue, text).wait(SOON).status is TaskStatus.DONE


def test_while_it_is_paused_nothing_begins(make_queue, worker):
    queue = make_queue()
    first = queue.submit(Task('first', 'a', 'x'), lambda event: None)
    worker.wait_started(1)
    worker.go.set()
    with queue.pause() as is_quiet:
        assert is_quiet
        assert first.result is not None
        second = queue.submit(Task('second', 'b', 'x'), lambda event: None)
        third = queue.submit(Task('third', 'c', 'x'), lambda event: None)
        third.cancel.cancel()
        assert third.wait(SOON).status is TaskStatus.CANCELED
        assert worker.started == ['first']

    assert second.wait(SOON).status is TaskStatus.DONE


def test_a_queue_can_be_closed_while_it_is_paused(make_queue, worker):
    queue = make_queue()
    with queue.pause():
        waiting = queue.submit(Task('first', 'a', 'x'), lambda event: None)
        assert queue.close(SOON)

    assert waiting.wait(SOON).status is TaskStatus.CANCELED
    assert worker.started == []


class Deaf:
    """Runs a task until it is let go, whatever it is told."""

    def __init__(self):
        self.runs = threading.Event()
        self.go = threading.Event()

    def __call__(self, task, on_event, cancel):
        self.runs.set()
        self.go.wait()
        return TaskResult(TaskStatus.DONE)


@pytest.fixture
def deaf():
    deaf = Deaf()
    yield deaf
    deaf.go.set()


def test_a_pause_does_not_wait_for_a_task_that_outlives_its_queue(deaf):
    queue = TaskQueue(deaf, capacity=1, workers=1, default_timeout_sec=60.0)
    submit(queue, 'first')
    assert deaf.runs.wait(SOON)
    found = []

    def pause():
        with queue.pause() as is_quiet:
            found.append(is_quiet)

    pausing = threading.Thread(target=pause, daemon=True)
    pausing.start()
    assert not queue.close(0.0)
    pausing.join(SOON)
    assert found == [False]

    deaf.go.set()
    assert queue.close(SOON)
    pause()
    assert found == [False, True]


def test_who_waits_for_a_task_that_outlives_its_queue_is_told(deaf):
    queue = TaskQueue(deaf, capacity=1, workers=1, default_timeout_sec=60.0)
    handle = submit(queue, 'first')
    assert deaf.runs.wait(SOON)
    assert not queue.close(0.0)

    result = handle.wait(SOON)
    assert result.status is TaskStatus.INTERNAL
    assert result.error == 'the task was told to end and has not ended within 0 s'


class Circle:
    """Only a collection frees it."""

    def __init__(self):
        self.itself = self


def test_circles_are_freed_between_tasks(make_queue, worker):
    queue = make_queue()
    worker.go.set()
    gc.disable()
    try:
        circle = weakref.ref(Circle())
        assert circle() is not None
        submit(queue, 'first')
        wait_for(lambda: circle() is None, SOON)
    finally:
        gc.enable()
