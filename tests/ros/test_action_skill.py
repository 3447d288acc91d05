import gc
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from action_msgs.srv import CancelGoal
from nemotron_agent_interfaces.action import NavigateToPose, Spin

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.tool import CallContext, Outcome, RequestState, SkillFeedback
from nemotron_agent.ros.action_skill import ActionSkill
from nemotron_agent.ros.goal import Goal
from nemotron_agent.ros.goal_client import GoalClient
from nemotron_agent.ros.ros_skill import BoundSkill
from nemotron_agent.ros.waiting import WaitLimits
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.testing.mock_action_server import Behavior, MockActionServer
from nemotron_agent.testing.ros_domain import RosDomain, wait_for

from .short_lease import with_short_lease
from .skill_manifests import PLACES, manifest_of

pytestmark = pytest.mark.ros

LIMITS = WaitLimits(server_sec=5.0, answer_sec=5.0, cancel_sec=5.0, absence_sec=0.3)
HASTY = WaitLimits(server_sec=0.2, answer_sec=1.0, cancel_sec=1.0, absence_sec=0.3)
TURN = """\
  - id: turn
    description: Turn.
    interface: action
    datatype: nemotron_agent_interfaces/action/Spin
    default_interface_path: spin
    parameters:
      in:
        - {name: angle, type: float, required: true, description: How far.}
    request:
      target_yaw: {argument: angle}
    limits: {angle: {minimum: -7, maximum: 7}}
    resources: [base]
    timeout_sec: 20
"""
GO = """\
  - id: go
    description: Go.
    interface: action
    datatype: nemotron_agent_interfaces/action/NavigateToPose
    default_interface_path: navigate_to_pose
    parameters:
      in:
        - {name: place, type: string, enum: places, required: true}
    request:
      pose: {place: place}
"""


class Watched:
    """A context that keeps what it is told."""

    def __init__(self, timeout_sec: float | None = None) -> None:
        self.cancel = CancelToken()
        self.states: list[RequestState] = []
        self.feedback: list[SkillFeedback] = []
        self.goal_ids: list[str] = []
        self.executing = threading.Event()
        self.context = CallContext(
            'id',
            self.cancel,
            self.feedback.append,
            self._take_state,
            timeout_sec,
            self.goal_ids.append,
        )

    def _take_state(self, state: RequestState) -> None:
        self.states.append(state)
        if state is RequestState.EXECUTING:
            self.executing.set()


def skill_on(node, text: str, action_type, limits: WaitLimits = LIMITS) -> ActionSkill:
    skill = manifest_of(text).skills[0]
    bound = BoundSkill(skill, tool_spec(skill, PLACES), RequestTemplate(skill, PLACES))
    client = GoalClient(node, action_type, skill.interface_path)
    return ActionSkill(bound, action_type, client, limits)


@pytest.fixture
def turn(ros_domain: RosDomain) -> Iterator[ActionSkill]:
    skill = skill_on(ros_domain.make_node('client'), TURN, Spin)
    yield skill
    skill.close()


@pytest.fixture
def hasty_turn(ros_domain: RosDomain) -> Iterator[ActionSkill]:
    skill = skill_on(ros_domain.make_node('hasty_client'), TURN, Spin, HASTY)
    wait_for(lambda: skill._client.server_is_ready)
    yield skill
    skill.close()


@pytest.fixture
def server(ros_domain: RosDomain) -> Iterator[MockActionServer]:
    server = MockActionServer(ros_domain.make_node('server'), Spin, 'spin')
    yield server
    server.close()


def run_in_thread(skill: ActionSkill, arguments, watched: Watched):
    """Start a run; the function given waits for its result."""
    results = []
    thread = threading.Thread(target=lambda: results.append(skill.run(arguments, watched.context)))
    thread.start()

    def result():
        thread.join(timeout=30)
        assert not thread.is_alive()
        return results[0]

    return result


def ends_of(result):
    """Have a list grow when the end of a run is known that ended UNKNOWN."""
    ends = []
    result.tell_end(lambda *end: ends.append(end))
    return ends


def test_success(turn, server):
    watched = Watched()
    result = turn.run({'angle': 1.5}, watched.context)
    assert result.outcome is Outcome.SUCCEEDED
    assert result.text == 'turn is done: {"total_elapsed_time": {"sec": 0, "nanosec": 0}}.'
    assert result.data['error_code'] == 0
    assert server.goals == [Spin.Goal(target_yaw=1.5)]
    assert watched.states == [RequestState.SENT, RequestState.EXECUTING]
    assert [len(bytes.fromhex(goal_id)) for goal_id in watched.goal_ids] == [16]


def test_what_the_registry_sees(turn):
    assert turn.spec.name == 'turn'
    assert turn.datatype == 'nemotron_agent_interfaces/action/Spin'
    assert turn.interface_path == '/spin'
    assert turn.resources == ('base',)


def test_a_place_becomes_the_pose(ros_domain):
    server = MockActionServer(ros_domain.make_node('server'), NavigateToPose, 'navigate_to_pose')
    skill = skill_on(ros_domain.make_node('client'), GO, NavigateToPose)
    assert skill.run({'place': 'kitchen'}, Watched().context).outcome is Outcome.SUCCEEDED
    pose = server.goals[0].pose
    assert (pose.header.frame_id, pose.pose.position.x, pose.pose.position.y) == ('map', 4.0, 1.0)


def test_a_run_that_fails_cancels_its_goal(ros_domain, turn):
    feedback = [Spin.Feedback(angular_distance_traveled=0.5)]
    server = MockActionServer(
        ros_domain.make_node('server'), Spin, 'spin', Behavior.HANG, feedback=feedback
    )

    def fail(feedback):
        raise RuntimeError('whoever takes feedback has gone')

    with pytest.raises(RuntimeError):
        turn.run({'angle': 2.0}, CallContext('id', CancelToken(), fail))
    wait_for(lambda: server.endings == ['canceled'])
    server.close()


def test_feedback(ros_domain, turn):
    feedback = [Spin.Feedback(angular_distance_traveled=0.5)]
    MockActionServer(
        ros_domain.make_node('server'), Spin, 'spin', Behavior.HANG, feedback=feedback
    )
    watched = Watched(timeout_sec=1.0)
    result = run_in_thread(turn, {'angle': 2.0}, watched)
    wait_for(lambda: watched.feedback)
    watched.cancel.cancel()
    result()
    assert watched.feedback == [SkillFeedback('0.50 rad turned', 0.25)]


def test_rejection(turn, server):
    server.behavior = Behavior.REJECT
    watched = Watched()
    result = turn.run({'angle': 1.5}, watched.context)
    assert (result.outcome, result.text) == (
        Outcome.REJECTED,
        'The robot did not accept turn.',
    )
    assert watched.states == [RequestState.SENT]


@pytest.mark.parametrize(
    ('result', 'text'),
    [
        (None, 'turn failed: the robot gave up.'),
        (Spin.Result(error_code=2), 'turn failed: error code 2 (BLOCKED).'),
        (
            Spin.Result(error_code=2, error_msg='a wall'),
            'turn failed: a wall (BLOCKED).',
        ),
        (Spin.Result(error_code=77), 'turn failed: error code 77.'),
    ],
)
def test_abort(ros_domain, turn, result, text):
    MockActionServer(ros_domain.make_node('server'), Spin, 'spin', Behavior.ABORT, result=result)
    ended = turn.run({'angle': 1.5}, Watched().context)
    assert (ended.outcome, ended.text) == (Outcome.ABORTED, text)


def test_an_error_code_is_a_failure_even_if_the_goal_succeeded(ros_domain, turn):
    result = Spin.Result(error_code=4)
    MockActionServer(ros_domain.make_node('server'), Spin, 'spin', result=result)
    ended = turn.run({'angle': 1.5}, Watched().context)
    assert (ended.outcome, ended.text) == (
        Outcome.ABORTED,
        'turn failed: error code 4 (NO_POWER).',
    )


def test_no_server(ros_domain):
    skill = skill_on(ros_domain.make_node('client'), TURN, Spin, HASTY)
    watched = Watched()
    result = skill.run({'angle': 1.5}, watched.context)
    assert (result.outcome, result.text) == (
        Outcome.UNAVAILABLE,
        'turn cannot be used now: nothing serves the action /spin.',
    )
    assert watched.states == []


def test_cancel_while_there_is_no_server(turn):
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    watched.cancel.cancel()
    assert (result().outcome, result().text) == (
        Outcome.CANCELED,
        'turn was canceled before it started.',
    )


def test_no_goal_is_sent_once_the_run_was_told_to_end(turn, server):
    cancel = CancelToken()
    context = CallContext('id', cancel, on_state=lambda state: cancel.cancel())
    result = turn.run({'angle': 1.5}, context)
    assert (result.outcome, result.text) == (
        Outcome.CANCELED,
        'turn was canceled before it started.',
    )
    turn.run({'angle': 0.5}, CallContext('id'))
    assert len(server.goals) == 1


def test_a_cancel_does_not_wait_for_the_thread_of_the_run(turn, server):
    server.behavior = Behavior.HANG
    busy, free, cancel = threading.Event(), threading.Event(), CancelToken()

    def hold(state):
        if state is RequestState.EXECUTING:
            busy.set()
            assert free.wait(10.0)

    results = []
    context = CallContext('id', cancel, on_state=hold)
    thread = threading.Thread(target=lambda: results.append(turn.run({'angle': 1.5}, context)))
    thread.start()
    assert busy.wait(10.0)
    cancel.cancel()
    wait_for(lambda: server.endings == ['canceled'])
    free.set()
    thread.join(10.0)
    assert results[0].outcome is Outcome.CANCELED


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        ({'angle': float('nan')}, 'turn was not started. angle: nan is not a finite number.'),
        ({'angle': 7.5}, 'turn was not started. angle: 7.5 is over the limit of 7.'),
        ({'angle': -8}, 'turn was not started. angle: -8 is under the limit of -7.'),
        ({'angle': 'far'}, "turn was not started. target_yaw: needs a number, not 'far'."),
    ],
)
def test_arguments_that_do_not_fit(turn, server, arguments, text):
    result = turn.run(arguments, Watched().context)
    assert (result.outcome, result.text) == (Outcome.INVALID, text)
    assert server.goals == []


@pytest.mark.parametrize(
    ('reason', 'outcome', 'text'),
    [
        (CancelReason.CANCELED, Outcome.CANCELED, 'turn was canceled and stopped.'),
        (CancelReason.PREEMPTED, Outcome.CANCELED, 'turn was canceled and stopped.'),
        (CancelReason.TIMED_OUT, Outcome.TIMED_OUT, 'turn ran out of time and stopped.'),
    ],
)
def test_a_cancel_reaches_the_goal(turn, server, reason, outcome, text):
    server.behavior = Behavior.HANG
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    assert watched.executing.wait(10)
    watched.cancel.cancel(reason)
    assert (result().outcome, result().text) == (outcome, text)
    assert server.endings == ['canceled']
    assert watched.states[-1] is RequestState.CANCELING


def test_a_timeout_cancels_the_goal(turn, server):
    server.behavior = Behavior.HANG
    result = turn.run({'angle': 1.5}, Watched(timeout_sec=0.3).context)
    assert (result.outcome, result.text) == (
        Outcome.TIMED_OUT,
        'turn took longer than 0.3 s and stopped.',
    )
    assert server.endings == ['canceled']


def test_a_cancel_that_is_ignored(server, hasty_turn):
    server.behavior = Behavior.IGNORE_CANCEL
    result = hasty_turn.run({'angle': 1.5}, Watched(timeout_sec=0.3).context)
    assert (result.outcome, result.text) == (
        Outcome.UNKNOWN,
        'turn took longer than 0.3 s, and the robot did not confirm the stop in 1 s: it may '
        'still be moving.',
    )
    assert server.cancel_requests >= 1
    ends = ends_of(result)
    server.release()
    wait_for(lambda: ends)
    assert ends == [(RequestState.SUCCEEDED, 'Known at last: it succeeded.')]


def test_a_late_end_is_told_even_if_it_came_before_anybody_asked(server, hasty_turn):
    server.behavior = Behavior.IGNORE_CANCEL
    result = hasty_turn.run({'angle': 1.5}, Watched(timeout_sec=0.3).context)
    server.release()
    wait_for(lambda: server.endings)
    ends = ends_of(result)
    wait_for(lambda: ends)
    assert ends[0][0] is RequestState.SUCCEEDED


def test_a_cancel_that_is_refused(server, hasty_turn):
    server.behavior = Behavior.REFUSE_CANCEL
    watched = Watched()
    result = run_in_thread(hasty_turn, {'angle': 1.5}, watched)
    assert watched.executing.wait(10)
    watched.cancel.cancel()
    assert (result().outcome, result().text) == (
        Outcome.UNKNOWN,
        'turn was canceled, and the robot refused to stop it: it goes on.',
    )


def test_a_cancel_that_was_refused_is_asked_for_again(turn, server):
    server.behavior = Behavior.REFUSE_CANCEL
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    assert watched.executing.wait(10)
    watched.cancel.cancel()
    wait_for(lambda: server.cancel_requests > 1)
    server.behavior = Behavior.HANG
    assert result().outcome is Outcome.CANCELED


def test_a_goal_that_ends_well_in_spite_of_a_cancel(turn, server):
    server.behavior = Behavior.REFUSE_CANCEL
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    assert watched.executing.wait(10)
    watched.cancel.cancel()
    wait_for(lambda: server.cancel_requests)
    server.release()
    assert result().outcome is Outcome.SUCCEEDED


def test_a_goal_that_somebody_else_cancels(ros_domain, turn, server):
    server.behavior = Behavior.HANG
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    assert watched.executing.wait(10)
    other = ros_domain.make_node('other').create_client(CancelGoal, 'spin/_action/cancel_goal')
    wait_for(other.service_is_ready)
    other.call_async(CancelGoal.Request())  # an empty request cancels all goals
    assert (result().outcome, result().text) == (
        Outcome.CANCELED,
        'turn was canceled by someone else.',
    )


def test_a_cancel_before_the_goal_is_accepted(turn, server):
    server.behavior = Behavior.ACCEPT_LATE
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    assert server.asked.wait(10)
    watched.cancel.cancel()
    wait_for(lambda: RequestState.CANCELING in watched.states)
    server.release()
    assert (result().outcome, result().text) == (
        Outcome.CANCELED,
        'turn was canceled and stopped.',
    )
    assert server.endings == ['canceled']


def test_a_goal_accepted_after_everybody_left_is_canceled(server, hasty_turn):
    server.behavior = Behavior.ACCEPT_LATE
    watched = Watched()
    result = run_in_thread(hasty_turn, {'angle': 1.5}, watched)
    assert server.asked.wait(10)
    watched.cancel.cancel()
    assert (result().outcome, result().text) == (
        Outcome.UNKNOWN,
        'turn was canceled, and the robot did not confirm the stop in 1 s: it may still be '
        'moving.',
    )
    ends = ends_of(result())
    server.release()
    wait_for(lambda: server.endings == ['canceled'])
    wait_for(lambda: ends)
    assert ends == [(RequestState.CANCELED, 'Known at last: it was canceled and stopped.')]


def test_a_goal_that_is_not_answered_is_canceled_when_it_is(server, hasty_turn):
    server.behavior = Behavior.ACCEPT_LATE
    result = hasty_turn.run({'angle': 1.5}, Watched().context)
    assert (result.outcome, result.text) == (
        Outcome.UNKNOWN,
        'The server of turn (/spin) did not answer in 1 s; the goal was canceled in case it '
        'comes late, and the robot may still begin to move.',
    )
    ends = ends_of(result)
    server.release()
    wait_for(lambda: server.endings == ['canceled'])
    wait_for(lambda: ends)
    assert ends[0][0] is RequestState.CANCELED


def test_a_goal_that_is_rejected_late(server, hasty_turn):
    server.behavior = Behavior.REJECT_LATE
    ends = ends_of(hasty_turn.run({'angle': 1.5}, Watched().context))
    server.release()
    wait_for(lambda: ends)
    assert ends == [(RequestState.REJECTED, 'Known at last: it was not accepted.')]


LOST = 'The server of turn (/spin) went away before the end: the robot may still be moving.'


def test_a_server_that_vanishes_in_mid_goal(turn, server):
    server.behavior = Behavior.HANG
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    assert watched.executing.wait(10)
    server.close()
    assert (result().outcome, result().text) == (Outcome.UNKNOWN, LOST)


def test_a_server_that_restarts_in_mid_goal(ros_domain, turn, server):
    server.behavior = Behavior.HANG
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    assert watched.executing.wait(10)
    again = MockActionServer(ros_domain.make_node('again'), Spin, 'spin')
    server.close()
    assert (result().outcome, result().text) == (Outcome.UNKNOWN, LOST)
    ends = ends_of(result())
    wait_for(lambda: ends)
    assert ends == [(RequestState.ABORTED, 'Known at last: its server has no such goal any more.')]
    assert turn.run({'angle': 1.0}, Watched().context).outcome is Outcome.SUCCEEDED
    assert len(again.goals) == 1


def test_a_server_process_that_is_killed(ros_domain, turn, tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.testing.mock_action_server']
        + ['nemotron_agent_interfaces/action/Spin', 'spin', 'hang'],
        env=with_short_lease(ros_domain.environment, tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == 'ready\n'
        watched = Watched(timeout_sec=60)
        result = run_in_thread(turn, {'angle': 1.5}, watched)
        assert watched.executing.wait(10)
        os.kill(process.pid, signal.SIGKILL)
        assert (result().outcome, result().text) == (Outcome.UNKNOWN, LOST)
    finally:
        process.kill()
        process.wait(timeout=10)


def test_two_runs_at_once_are_two_goals(turn, server):
    server.behavior = Behavior.HANG
    first, second = Watched(), Watched()
    results = [run_in_thread(turn, {'angle': a}, w) for a, w in ((1.0, first), (2.0, second))]
    assert first.executing.wait(10)
    assert second.executing.wait(10)
    first.cancel.cancel()
    assert results[0]().outcome is Outcome.CANCELED
    assert second.states[-1] is RequestState.EXECUTING
    server.release()
    assert results[1]().outcome is Outcome.SUCCEEDED
    assert server.endings == ['canceled', 'succeeded']


def test_many_goals_in_a_row(turn, server):
    for i in range(30):
        assert turn.run({'angle': i / 30}, Watched().context).outcome is Outcome.SUCCEEDED
    assert len(server.goals) == 30


def test_close_cancels_what_runs(turn, server):
    server.behavior = Behavior.HANG
    watched = Watched()
    result = run_in_thread(turn, {'angle': 1.5}, watched)
    assert watched.executing.wait(10)
    turn.close()
    assert result().outcome is Outcome.CANCELED
    assert server.endings == ['canceled']
    after = turn.run({'angle': 1.5}, Watched().context)
    assert after.outcome is Outcome.UNAVAILABLE


def test_goals_that_ended_are_forgotten(turn, server):
    for behavior in (Behavior.SUCCEED, Behavior.REJECT, Behavior.ABORT):
        server.behavior = behavior
        turn.run({'angle': 1.5}, Watched().context)

    def alive():
        gc.collect()
        return [thing for thing in gc.get_objects() if isinstance(thing, Goal)]

    wait_for(lambda: not alive())
