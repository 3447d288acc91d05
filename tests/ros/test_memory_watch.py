"""The watch with a real queue and a real engine; memory is as a test says."""

import threading

import pytest

from nemotron_agent.core.chat_model import ContextSize
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.task import Task, TaskResult, TaskStatus
from nemotron_agent.core.task_queue import TaskQueue
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_engine import LlamaEngine
from nemotron_agent.llm.memory_ladder import MemoryMarks, Rung
from nemotron_agent.llm.memory_pressure import MemoryPressure
from nemotron_agent.ros.memory_watch import MemoryWatch
from nemotron_agent.ros.task_intake import TaskIntake
from nemotron_agent.safety.stop_latch import StopLatch
from nemotron_agent.testing.condition import wait_for
from nemotron_agent.testing.listed_model import ListedModel

MARKS = MemoryMarks(low_bytes=100, high_bytes=300, down_sec=0.05, up_sec=0.05)
SHORT, BETWEEN, PLENTY = MemoryPressure(50), MemoryPressure(200), MemoryPressure(1000)
LARGE, LEAST_CTX = ContextSize(4096, 4), 1024


class Robot:
    """What the watch acts on: a queue that is there while active, and a model.

    Attributes:
        pressure: how short memory is.
        let_go: set, tasks end.
        is_deaf: whether tasks go on when they are cancelled.
    """

    def __init__(self, model):
        self.model = model
        self.pressure = BETWEEN
        self.is_deaf = False
        self.let_go = threading.Event()
        self.running = threading.Event()
        self.intake = TaskIntake(StopLatch())
        self.trigger_activate()

    def trigger_activate(self):
        self.intake.queue = TaskQueue(self._run, capacity=4, workers=1, default_timeout_sec=60.0)

    def trigger_deactivate(self):
        queue = self.intake.end()
        if queue is not None:
            queue.close(0.0 if self.is_deaf else 10.0)

    def submit(self, text='drive'):
        return self.intake.queue.submit(Task(text, 'c', 'test'), lambda event: None)

    def _run(self, task, on_event, cancel):
        self.running.set()
        if not self.is_deaf:
            cancel.on_cancel(self.let_go.set)
        self.let_go.wait(60.0)
        return TaskResult(TaskStatus.CANCELED if cancel.canceled else TaskStatus.DONE)


@pytest.fixture(scope='module')
def engine(tiny_hybrid_path):
    engine = LlamaEngine(EngineParameters(tiny_hybrid_path, n_ctx=LARGE.n_ctx, n_threads=1))
    yield engine
    engine.close()


@pytest.fixture
def robot(engine):
    robot = Robot(engine)
    yield robot
    robot.let_go.set()
    robot.is_deaf = False
    robot.trigger_deactivate()
    engine.resize(LARGE)


@pytest.fixture
def watch(robot):
    watch = start_watch(robot)
    yield watch
    robot.let_go.set()
    watch.close()


def start_watch(robot):
    return MemoryWatch(
        robot,
        robot.intake,
        robot.model,
        lambda: robot.pressure,
        MARKS,
        LEAST_CTX,
        period_sec=0.01,
    )


def test_snapshots_go_while_a_task_runs_and_the_rest_waits_for_its_end(robot, watch):
    task = robot.submit()
    robot.running.wait(10.0)
    robot.pressure = SHORT
    wait_for(lambda: watch.rung is Rung.FEWER_SNAPSHOTS)
    assert robot.model.context_size == ContextSize(4096, 1)

    waiting = robot.submit('wait')
    robot.let_go.set()
    wait_for(lambda: watch.rung is Rung.INACTIVE)

    assert task.join().status is TaskStatus.DONE
    assert robot.model.context_size == ContextSize(LEAST_CTX, 0)
    assert robot.intake.queue is None
    assert waiting.join().status in (TaskStatus.DONE, TaskStatus.CANCELED)


def test_with_plenty_of_memory_everything_comes_back(robot, watch):
    robot.pressure = SHORT
    wait_for(lambda: robot.intake.queue is None)
    robot.pressure = PLENTY
    wait_for(lambda: watch.rung is Rung.AS_CONFIGURED)

    assert robot.model.context_size == LARGE
    robot.let_go.set()
    assert robot.submit().join().status is TaskStatus.DONE


def test_what_an_operator_has_deactivated_stays_so(robot, watch):
    robot.trigger_deactivate()
    robot.pressure = SHORT
    wait_for(lambda: watch.rung is Rung.INACTIVE)
    robot.pressure = PLENTY
    wait_for(lambda: watch.rung is Rung.AS_CONFIGURED)

    assert robot.intake.queue is None


@pytest.mark.parametrize('is_active_again', [False, True])
def test_the_context_stays_while_a_task_outlives_its_queue(robot, watch, caplog, is_active_again):
    robot.is_deaf = True
    robot.submit()
    assert robot.running.wait(10.0)
    robot.trigger_deactivate()
    if is_active_again:
        robot.trigger_activate()
    robot.pressure = SHORT
    told = 'stays at "fewer snapshots": a task that was told to end still runs'
    wait_for(lambda: caplog.text.count(told) > 1)
    assert robot.model.context_size == ContextSize(4096, 1)

    robot.let_go.set()
    wait_for(lambda: watch.rung is Rung.INACTIVE)
    assert robot.model.context_size == ContextSize(LEAST_CTX, 0)


def test_a_watch_that_waits_for_a_task_ends_with_its_queue(robot, watch):
    robot.is_deaf = True
    robot.submit()
    assert robot.running.wait(10.0)
    robot.pressure = SHORT
    wait_for(lambda: watch.rung is Rung.FEWER_SNAPSHOTS)
    robot.trigger_deactivate()
    closing = threading.Thread(target=watch.close, daemon=True)
    closing.start()
    closing.join(10.0)

    assert not closing.is_alive()
    assert robot.model.context_size == ContextSize(4096, 1)


def test_a_model_without_a_context_here_is_left_alone(caplog):
    robot = Robot(ListedModel([]))
    watch = start_watch(robot)
    robot.pressure = SHORT
    wait_for(lambda: watch.rung is Rung.INACTIVE)
    watch.close()

    assert 'goes from "as configured" to "inactive"' in caplog.text


@pytest.mark.parametrize('error', [EvaluationError('no memory'), RuntimeError('no memory')])
def test_a_step_that_fails_is_tried_again(caplog, error):
    class Full(ListedModel):
        context_size = LARGE

        def resize(self, size):
            raise error

    robot = Robot(Full([]))
    watch = start_watch(robot)
    robot.pressure = SHORT
    wait_for(lambda: caplog.text.count('the agent stays at "as configured": ') > 1)
    watch.close()
    robot.trigger_deactivate()

    assert watch.rung is Rung.AS_CONFIGURED
