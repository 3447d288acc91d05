"""Keeps a task's loop from going round in circles, and from going on for ever.

A call that leads nowhere is held back and the model is told why; if it goes on, the task ends.
"""

import dataclasses
import time
from collections.abc import Callable

from nemotron_agent.core.command_text import times_wanted
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.task import CallRecord, TaskStatus
from nemotron_agent.core.tool import Outcome

# Whatever a skill does, it does elsewhere once the base has moved.
BASE = 'base'
REPEATED = 'This is done already. Do the next step of the command, or answer if there is none.'
REACHED = (
    'This is done already, and nothing since has changed it. '
    'Do what is left of the command, or answer if nothing is.'
)
ALTERNATING = (
    'You go back and forth between {first} and {second}. '
    'Do what is left of the command, or answer and say what keeps you from it.'
)
FAILING = (
    'It was tried {times} times and failed each time. '
    'Try something else, or tell the operator what went wrong.'
)
TOO_MANY = 'Not done: this task has made its {calls} calls. Tell the operator what is done.'
TOO_LATE = 'Not done: the time for this task is nearly over. Tell the operator what is done.'
NOTHING_DONE = (Outcome.REJECTED, Outcome.UNAVAILABLE, Outcome.INVALID)
ROUNDS = 2
REPORT_SHARE = 0.1


@dataclasses.dataclass(frozen=True)
class AgentLimits:
    """Bounds on one task.

    Attributes:
        max_steps: replies asked of the model.
        max_bad_calls: calls that name no tool, do not fit the schema or do not parse.
        max_repeats: calls held back as going round in circles.
        max_tries: runs of one call that fail, unless something has changed in between.
        max_calls: calls of skills that are passed on.
        time_sec: for a task that sets no limit; its last tenth is for the report only.
    """

    max_steps: int = 12
    max_bad_calls: int = 3
    max_repeats: int = 2
    max_tries: int = 3
    max_calls: int = 20
    time_sec: float = 300.0


@dataclasses.dataclass(frozen=True)
class LoopEnd:
    """Why a task is to end, for people."""

    status: TaskStatus
    error: str


class LoopGuard:
    """Watches the calls of one task.

    A call that succeeded may run again once another run may have changed what it did: one that
    uses a resource of its own, or the base; any other, for a call that needs no resource. Without
    that it runs as often as the command says ("twice"). Two calls in turn run for as many rounds,
    but at least two. A call that fails is tried `max_tries` times.

    Args:
        command: of the task.
        limits: of the task.
        resources_of: resources of a tool by its name.
        time_sec: limit of the task [s].
    """

    def __init__(
        self,
        command: str,
        limits: AgentLimits,
        resources_of: Callable[[str], tuple[str, ...]],
        time_sec: float | None = None,
    ) -> None:
        self._limits = limits
        self._resources_of = resources_of
        self._times = times_wanted(command)
        self._report_at = time.monotonic() + (time_sec or limits.time_sec) * (1.0 - REPORT_SHARE)
        self._runs: list[CallRecord] = []
        self._bad_calls = 0
        self._repeats = 0
        self._over_budget = 0
        self._end: LoopEnd | None = None

    @property
    def end(self) -> LoopEnd | None:
        """Why the task is to end, or None while it may go on."""
        return self._end

    def objection(self, call: ToolCall) -> str:
        """What to tell the model instead of running a call of a skill; empty if it may run."""
        over_budget = self._budget_used()
        if over_budget is not None:
            told, end = over_budget
            self._over_budget += 1
            if self._over_budget > 1:
                self._end = end
            return told
        told, why = self._circle(call)
        if told:
            self._repeats += 1
            if self._repeats > self._limits.max_repeats:
                self._end = LoopEnd(TaskStatus.STEP_LIMIT, f'the model kept {why}')
        return told

    def add_run(self, record: CallRecord) -> None:
        """Take a call of a skill that was passed on."""
        self._runs.append(record)

    def add_bad(self, problem: str) -> None:
        """Take a reply that could not be run, and what the model was told of it."""
        self._bad_calls += 1
        if self._bad_calls > self._limits.max_bad_calls:
            self._end = LoopEnd(
                TaskStatus.MODEL_ERROR,
                f'the model made {self._bad_calls} calls that cannot be run; the last: {problem}',
            )

    def _budget_used(self) -> tuple[str, LoopEnd] | None:
        if len(self._runs) >= self._limits.max_calls:
            calls = self._limits.max_calls
            error = (
                f'the task wanted more than {calls} calls of skills and was ended: '
                'ask for less at once, or raise the parameter max_calls'
            )
            return TOO_MANY.format(calls=calls), LoopEnd(TaskStatus.STEP_LIMIT, error)
        if time.monotonic() >= self._report_at:
            error = (
                'the task wanted to start another skill when its time was nearly over and was '
                'ended: ask for less at once, or raise its timeout_sec or the parameter '
                'task_timeout_sec'
            )
            return TOO_LATE, LoopEnd(TaskStatus.TIMED_OUT, error)
        return None

    def _circle(self, call: ToolCall) -> tuple[str, str]:
        """What to tell of a call that leads nowhere, and what the model did, or nothing twice."""
        times, failures, others = 0, 0, 0
        for record in reversed(self._runs):
            if not record.call.is_same_as(call):
                others += 1
                if self._changes(record, call):
                    break
            elif record.result.outcome is Outcome.SUCCEEDED:
                times += 1
                if times >= self._times:
                    told = REACHED if others else REPEATED
                    return told, f'repeating {call.name} after it had succeeded'
            else:
                failures += 1
        if failures >= self._limits.max_tries:
            told = FAILING.format(times=failures)
            return told, f'repeating {call.name} after it had failed {failures} times'
        return self._alternation(call)

    def _alternation(self, call: ToolCall) -> tuple[str, str]:
        rounds = max(ROUNDS, self._times)
        latest = [record.call for record in self._runs[-2 * rounds :]]
        if len(latest) < 2 * rounds or latest[0].is_same_as(latest[1]):
            return '', ''
        pattern = [latest[0], latest[1]] * rounds
        if not all(a.is_same_as(b) for a, b in zip(latest, pattern, strict=True)):
            return '', ''
        if not call.is_same_as(latest[0]):
            return '', ''
        first, second = latest[0].name, latest[1].name
        told = ALTERNATING.format(first=first, second=second)
        return told, f'alternating between {first} and {second}'

    def _changes(self, record: CallRecord, call: ToolCall) -> bool:
        """Whether a run may have undone what `call` does."""
        if record.result.outcome in NOTHING_DONE:
            return False
        own, others = self._resources_of(call.name), self._resources_of(record.call.name)
        return not own or BASE in others or not set(own).isdisjoint(others)
