"""Brings an agent to a moment, stops it there, and looks at what the robot was told."""

import dataclasses
import json
import random
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.srv import CallTool
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger

from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.ros.feedback_qos import FEEDBACK_QOS
from nemotron_agent.ros.goal import Goal
from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.testing.own_ros_domain import RosDomain
from nemotron_agent.testing.stop_robot import ORDERS

MOMENTS = ('prefill', 'decode', 'goal', 'hanging', 'flood', 'queue')
ROADS = ('service', 'e_stop', 'command', 'speech_partial')
QUEUE_SIZE = 8
READY_SEC = 1800.0
MOMENT_SEC = 1800.0
SOON_SEC = 20.0
POLL_SEC = 0.005
NOT_YET_SEC = 0.5
COMMANDS = (
    'Go to the kitchen.',
    'What can you see?',
    'Drive to the dock.',
    'Turn around.',
)
WRITING = (ExecuteTask.Feedback.ANSWERING, ExecuteTask.Feedback.CALLING)


@dataclasses.dataclass(frozen=True)
class Stopped:
    """What came of one stop.

    Attributes:
        goals: goals that had begun.
        missed: what was not stopped, for people; empty if all was.
        end_to_end_sec: from the caller's call to the last cancel at the robot; None without goals.
        tasks_ended_sec: from the caller's call to the result of the last task; None without tasks.
    """

    moment: str
    goals: int
    missed: tuple[str, ...]
    end_to_end_sec: float | None
    tasks_ended_sec: float | None


class RobotLog:
    """What the robot wrote, as it grows."""

    def __init__(self, path: Path) -> None:
        self._file = path.open(encoding='utf-8')
        self._rest = ''
        self.events: list[Mapping[str, Any]] = []

    def read(self) -> list[Mapping[str, Any]]:
        """All that was written so far."""
        *lines, self._rest = (self._rest + self._file.read()).split('\n')
        self.events += [json.loads(line) for line in lines if line.startswith('{')]
        return self.events

    def close(self) -> None:
        """Read no more."""
        self._file.close()


class _SentTask:
    """A task on its way, with the phases it went through and when it ended."""

    def __init__(self, goals: GoalClient, text: str, conversation: str) -> None:
        self.phases: set[int] = set()
        self.ended_at: float | None = None
        message = ExecuteTask.Goal(task=text, conversation_id=conversation)
        self._goal: Goal = goals.send(message, lambda feedback: self.phases.add(feedback.phase))

    def look(self) -> bool:
        """Whether it has ended."""
        if self.ended_at is None:
            self._goal.advance()
            if self._goal.result is not None:
                self.ended_at = time.monotonic()
                self._goal.release()
        return self.ended_at is not None

    @property
    def error_code(self) -> int:
        """Of its result."""
        return int(self._goal.result.error_code)


class StopClient:
    """Uses the agent as its clients do, from another process.

    Args:
        domain: of agent and robot.
        robot: its log.
        check: raises if one of the processes has died.
    """

    def __init__(self, domain: RosDomain, robot: RobotLog, check: Callable[[], None]) -> None:
        self._domain = domain
        self._robot = robot
        self._check = check
        self._numbers = 0
        self._states: list[bool] = []
        node = domain.make_node('stop_bench')
        self._orders = node.create_publisher(String, ORDERS, 10)
        self._roads: dict[str, Any] = {
            'e_stop': node.create_publisher(Bool, 'e_stop', 10),
            'command': node.create_publisher(String, 'command', 10),
            'speech_partial': node.create_publisher(String, 'speech_partial', 10),
        }
        self._calls = node.create_client(CallTool, 'nemotron_agent/call_tool')
        self._stop = node.create_client(Trigger, 'nemotron_agent/stop')
        self._release = node.create_client(Trigger, 'nemotron_agent/release_stop')
        self._tasks = GoalClient(node, ExecuteTask, 'nemotron_agent/execute_task', FEEDBACK_QOS)
        node.create_subscription(
            Bool, 'stop_state', lambda message: self._states.append(message.data), 10
        )

    def close(self) -> None:
        """Give up what runs; the domain spins no more then."""
        self._domain.stop_spinning()
        self._tasks.close(0.0)

    def wait_ready(self) -> None:
        """Wait until the agent takes tasks, and has begun to read one."""
        everything = (self._calls, self._stop, self._release)
        self._wait('the agent', READY_SEC, lambda: all(c.service_is_ready() for c in everything))
        self._wait('the action', READY_SEC, lambda: self._tasks.server_is_ready)
        self._wait(
            'the topics',
            READY_SEC,
            lambda: all(road.get_subscription_count() for road in self._roads.values()),
        )
        self._wait('the robot', READY_SEC, lambda: self._orders.get_subscription_count() > 0)
        task = self._begun()
        while task.look():  # not active yet
            time.sleep(NOT_YET_SEC)
            task = self._begun()
        self._stop_by('service')
        self._wait('the first task', READY_SEC, task.look)
        self._let_go()

    def stop_at(self, moment: str, rng: random.Random) -> Stopped:
        """Bring the agent to a moment, stop it by a random road, look, and release it."""
        first = len(self._robot.read())
        self._order(f'behavior {"no_cancel_answer" if moment == "hanging" else "hang"}')
        if moment == 'flood':
            self._order('flood')
        calls = [self._call('grasp', {})]
        tasks = self._come_to(moment, rng, calls)
        time.sleep(rng.uniform(0.0, 0.3))
        asked_at = self._stop_by(rng.choice(ROADS))
        missed = self._look(first, tasks, asked_at)
        late = self._call('navigate_to', {'place': 'dock'})
        self._wait('a denied call', SOON_SEC, late.done)
        self._order('calm')
        self._order('release')
        self._wait('the calls', SOON_SEC, lambda: all(call.done() for call in calls))
        events = self._robot.read()[first:]
        canceled_at = [event['at'] for event in events if event['what'] == 'cancel']
        ended_at = [task.ended_at for task in tasks if task.ended_at is not None]
        self._let_go()
        self._order('hold')
        return Stopped(
            moment=moment,
            goals=sum(event['what'] == 'began' for event in events),
            missed=tuple(missed),
            end_to_end_sec=max(canceled_at) - asked_at if canceled_at else None,
            tasks_ended_sec=max(ended_at) - asked_at if ended_at else None,
        )

    def _come_to(self, moment: str, rng: random.Random, calls: list[Any]) -> list[_SentTask]:
        if moment in ('goal', 'hanging', 'flood'):
            calls.append(self._call('navigate_to', {'place': rng.choice(('dock', 'kitchen'))}))
            if rng.random() < 0.5:
                time.sleep(rng.uniform(0.0, 0.2))
            return []
        if moment == 'queue':
            tasks = [self._send(rng.choice(COMMANDS)) for _ in range(1 + QUEUE_SIZE)]
            queued = ExecuteTask.Feedback.QUEUED
            self._wait('a queue', MOMENT_SEC, lambda: all(queued in t.phases for t in tasks))
            return tasks
        phases = (ExecuteTask.Feedback.PREFILL,) if moment == 'prefill' else WRITING
        task = self._send(rng.choice(COMMANDS))
        self._wait(moment, MOMENT_SEC, lambda: task.look() or not task.phases.isdisjoint(phases))
        return [task]

    def _stop_by(self, road: str) -> float:
        """Stop, and wait until it is told that it has; return when it was asked for."""
        asked_at = time.monotonic()
        if road == 'service':
            self._stop.call_async(Trigger.Request())
        elif road == 'e_stop':
            self._roads[road].publish(Bool(data=True))
        else:
            self._roads[road].publish(String(data='stop!'))
        self._wait('stop_state', SOON_SEC, lambda: self._states[-1:] == [True])
        return asked_at

    def _begun(self) -> _SentTask:
        """A task that the model reads, or that was not taken."""
        task = self._send(COMMANDS[0])
        reads = ExecuteTask.Feedback.PREFILL
        self._wait('a task', READY_SEC, lambda: task.look() or reads in task.phases)
        return task

    def _let_go(self) -> None:
        self._wait('the release', SOON_SEC, self._release.call_async(Trigger.Request()).done)
        self._wait('stop_state', SOON_SEC, lambda: self._states[-1:] == [False])

    def _look(self, first: int, tasks: list[_SentTask], asked_at: float) -> list[str]:
        """What was not stopped in time."""

        def left() -> list[str]:
            events = self._robot.read()[first:]
            canceled = {event['goal'] for event in events if event['what'] == 'cancel'}
            begun = [event for event in events if event['what'] == 'began']
            goals = [f'a goal of {e["name"]}' for e in begun if e['goal'] not in canceled]
            return goals + ['a task' for task in tasks if not task.look()]

        deadline = asked_at + SOON_SEC
        while left() and time.monotonic() < deadline:
            time.sleep(POLL_SEC)
        # A goal that was on its way may begin now; its cancel must come too.
        time.sleep(0.2)
        wrong = [task for task in tasks if task.look() and task.error_code not in _ENDS]
        return left() + [f'a task that ended as {task.error_code}' for task in wrong]

    def _send(self, text: str) -> _SentTask:
        self._numbers += 1
        return _SentTask(self._tasks, text, f'bench {self._numbers}')

    def _call(self, tool: str, arguments: Mapping[str, Any]) -> Any:
        request = CallTool.Request(tool=tool, arguments=json.dumps(arguments))
        return self._calls.call_async(request)

    def _order(self, text: str) -> None:
        """Give the robot an order, and wait until it has taken it."""
        taken = len(self._robot.read())
        self._orders.publish(String(data=text))
        self._wait(
            f'the robot to take "{text}"',
            SOON_SEC,
            lambda: any(e['name'] == text for e in self._robot.read()[taken:]),
        )

    def _wait(self, what: str, timeout_sec: float, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + timeout_sec
        while not condition():
            self._check()
            if time.monotonic() > deadline:
                raise EvaluationError(f'{what} has not come in {timeout_sec:.0f} s')
            time.sleep(POLL_SEC)


# A task may have come to its end by itself just before the stop.
_ENDS = (
    ExecuteTask.Result.NONE,
    ExecuteTask.Result.DECLINED,
    ExecuteTask.Result.STEP_LIMIT,
    ExecuteTask.Result.MODEL_ERROR,
    ExecuteTask.Result.STOPPED,
)
