import pytest

from nemotron_agent.core.gate import Verdict
from nemotron_agent.core.loop_guard import (
    ALTERNATING,
    FAILING,
    REACHED,
    REPEATED,
    TOO_LATE,
    TOO_MANY,
    AgentLimits,
    LoopGuard,
)
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.task import CallRecord, TaskStatus
from nemotron_agent.core.tool import Outcome, ToolResult

RESOURCES = {
    'go_to': ('base',),
    'drive': ('base',),
    'announce': ('voice',),
    'grasp': ('gripper',),
    'release': ('gripper',),
}
BLOCKED, DENIED = Outcome.ABORTED, Outcome.REJECTED


def call(text):
    """`go_to kitchen` as a call."""
    name, _, argument = text.partition(' ')
    return ToolCall('', name, {'argument': argument} if argument else {})


class Guarded:
    """A guard, and what it lets pass of a model's calls."""

    def __init__(self, command='do it', time_sec=None, **limits):
        self.guard = LoopGuard(
            command, AgentLimits(**limits), lambda name: RESOURCES.get(name, ()), time_sec
        )

    def __call__(self, text, outcome=Outcome.SUCCEEDED):
        """Want a call; return what the model is told instead, or nothing once it has run."""
        told = self.guard.objection(call(text))
        if not told:
            result = ToolResult(outcome, outcome.value)
            self.guard.add_run(CallRecord('1', call(text), Verdict.ALLOW, '', result, 0.0))
        return told


@pytest.mark.parametrize(
    ('calls', 'told'),
    [
        (['announce hello'], REPEATED),
        (['go_to kitchen', 'check_battery'], REACHED),
        (['go_to kitchen', 'announce hello'], REACHED),
        (['release', 'announce hello', 'check_battery'], REACHED),
        (['check_battery'], REPEATED),
    ],
)
def test_what_is_done_and_still_holds_is_not_done_again(calls, told):
    guarded = Guarded()
    assert [guarded(text) for text in calls] == [''] * len(calls)
    assert guarded(calls[0]) == told
    assert guarded.guard.end is None


@pytest.mark.parametrize(
    'calls',
    [
        ['go_to kitchen', 'go_to dock', 'go_to kitchen'],
        ['go_to kitchen', 'drive 1', 'go_to kitchen'],
        ['release', 'grasp', 'release'],
        ['announce hello', 'go_to kitchen', 'announce hello'],
        ['check_battery', 'look', 'check_battery'],
    ],
)
def test_a_call_runs_again_once_another_has_changed_what_it_did(calls):
    guarded = Guarded()
    assert [guarded(text) for text in calls] == [''] * len(calls)


def test_a_run_that_failed_on_its_way_may_have_changed_something_a_denied_one_did_not():
    guarded = Guarded()
    guarded('go_to kitchen')
    guarded('go_to dock', DENIED)
    assert guarded('go_to kitchen') == REACHED
    guarded('go_to dock', BLOCKED)
    assert guarded('go_to kitchen') == ''


def test_the_same_step_runs_as_often_as_the_command_says():
    guarded = Guarded('announce hello three times')
    told = [guarded('announce hello') for _ in range(4)]
    assert told == ['', '', '', REPEATED]


def test_repeats_end_the_task():
    guarded = Guarded(max_repeats=1)
    guarded('announce hello')
    guarded('announce hello')
    assert guarded.guard.end is None
    guarded('announce hello')
    assert guarded.guard.end.status is TaskStatus.STEP_LIMIT
    assert guarded.guard.end.error == ('the model kept repeating announce after it had succeeded')


def test_ping_pong_is_pointed_out_then_ends_the_task():
    guarded = Guarded(max_repeats=0)
    assert [guarded(f'go_to {place}') for place in ['kitchen', 'dock'] * 2] == [''] * 4
    told = guarded('go_to kitchen')
    assert told == ALTERNATING.format(first='go_to', second='go_to')
    assert guarded.guard.end.status is TaskStatus.STEP_LIMIT
    assert guarded.guard.end.error == 'the model kept alternating between go_to and go_to'


def test_a_patrol_goes_as_many_rounds_as_the_command_says():
    guarded = Guarded('go to the kitchen and to the dock, 3 times')
    told = [guarded(f'go_to {place}') for place in ['kitchen', 'dock'] * 4]
    assert told[:6] == [''] * 6
    assert told[6] == ALTERNATING.format(first='go_to', second='go_to')


def test_something_else_in_between_is_no_ping_pong():
    guarded = Guarded()
    calls = ['go_to kitchen', 'go_to dock', 'go_to kitchen', 'go_to door', 'go_to kitchen']
    assert [guarded(text) for text in calls] == [''] * 5


@pytest.mark.parametrize('outcome', [BLOCKED, DENIED])
def test_what_fails_is_tried_a_few_times(outcome):
    guarded = Guarded(max_tries=2, max_repeats=1)
    assert [guarded('go_to kitchen', outcome) for _ in range(2)] == ['', '']
    assert guarded('go_to kitchen') == FAILING.format(times=2)
    assert guarded('go_to kitchen') == FAILING.format(times=2)
    assert guarded.guard.end.error == 'the model kept repeating go_to after it had failed 2 times'


def test_calls_are_bounded_the_model_is_told_first():
    guarded = Guarded(max_calls=2)
    guarded('go_to kitchen')
    guarded('announce hello')
    assert guarded('look') == TOO_MANY.format(calls=2)
    assert guarded.guard.end is None
    guarded('look')
    assert guarded.guard.end.status is TaskStatus.STEP_LIMIT
    assert 'more than 2 calls of skills' in guarded.guard.end.error


@pytest.mark.parametrize('limits', [{'time_sec': 1e-9}, {'time_sec': 1e-9, 'max_calls': 9}])
def test_near_the_end_of_its_time_a_task_starts_nothing_more(limits):
    guarded = Guarded(**limits)
    assert guarded('look') == TOO_LATE
    assert guarded.guard.end is None
    guarded('look')
    assert guarded.guard.end.status is TaskStatus.TIMED_OUT
    assert 'raise its timeout_sec or the parameter task_timeout_sec' in guarded.guard.end.error


def test_calls_that_cannot_be_run_are_bounded():
    guard = Guarded(max_bad_calls=1).guard
    guard.add_bad('no such tool')
    assert guard.end is None
    guard.add_bad('no such place')
    assert guard.end.status is TaskStatus.MODEL_ERROR
    assert guard.end.error == (
        'the model made 2 calls that cannot be run; the last: no such place'
    )
