"""Skills that another node carries out: `dispatch: request` and `~/report_action`."""

import pytest

pytest.importorskip('rclpy')

from action_msgs.msg import GoalStatus
from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import ActionRequest, ToolCallRecord
from nemotron_agent_interfaces.srv import CallTool, ReportAction

from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest, manifest_with

pytestmark = pytest.mark.ros

GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')
REPORT = ReportAction.Request
DOCK = {'tool': 'go_to', 'arguments': '{"place": "dock"}'}


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies, **options):
        manifest = manifest_with(dispatch='request', **options.pop('skill', {}))
        options = {'cancel_wait_sec': 0.5, **options}
        return AgentUnderTest(ros_domain, tmp_path, replies, manifest=manifest, **options).start()

    return make


def reached(requests, state):
    """Wait for a request to reach a state; return it."""
    return wait_for(lambda: next((r for r in requests if r.state == state), None), SOON)


def report(agent, request_id, outcome=REPORT.SUCCEEDED, text=''):
    return agent.call(
        ReportAction, 'report_action', request_id=request_id, outcome=outcome, text=text
    )


@pytest.mark.parametrize(
    ('outcome', 'text', 'told', 'recorded'),
    [
        (REPORT.SUCCEEDED, '', 'go_to is done.', ToolCallRecord.OUTCOME_SUCCEEDED),
        (REPORT.SUCCEEDED, 'In it.', 'In it.', ToolCallRecord.OUTCOME_SUCCEEDED),
        (
            REPORT.REJECTED,
            'no way there',
            'The robot did not accept go_to: no way there',
            ToolCallRecord.OUTCOME_REJECTED,
        ),
        (
            REPORT.ABORTED,
            'a wall',
            'go_to failed: a wall.',
            ToolCallRecord.OUTCOME_ABORTED,
        ),
        (
            REPORT.CANCELED,
            '',
            'go_to was canceled by someone else.',
            ToolCallRecord.OUTCOME_CANCELED,
        ),
    ],
)
def test_another_node_does_it_and_reports(make_agent, outcome, text, told, recorded):
    agent = make_agent(GO, THERE)
    requests = agent.requests()
    goal = agent.send()
    request = reached(requests, ActionRequest.SENT)
    assert (request.skill, request.arguments) == ('go_to', '{"place": "kitchen"}')
    assert request.interface_path == '/navigate_to_pose'
    response = report(agent, request.request_id, outcome, text)
    assert (response.success, response.message) == (True, '')
    record = goal.end()[1].tool_calls[0]
    assert (record.result, record.outcome) == (told, recorded)
    assert agent.robot.goals == [], 'the node itself sends nothing'


def test_a_cancel_is_published_and_its_report_waited_for(make_agent):
    agent = make_agent(GO, cancel_wait_sec=20.0)
    requests = agent.requests()
    goal = agent.send()
    request = reached(requests, ActionRequest.SENT)
    goal.cancel()
    reached(requests, ActionRequest.CANCELING)
    assert report(agent, request.request_id, REPORT.CANCELED).success
    status, result = goal.end()
    assert status == GoalStatus.STATUS_CANCELED
    assert result.tool_calls[0].result == 'go_to was canceled and stopped.'


def test_a_time_limit_too(make_agent):
    agent = make_agent(GO, THERE, skill={'timeout_sec': 0.3}, cancel_wait_sec=20.0)
    requests = agent.requests()
    goal = agent.send()
    request = reached(requests, ActionRequest.CANCELING)
    assert report(agent, request.request_id, REPORT.CANCELED).success
    record = goal.end()[1].tool_calls[0]
    assert record.outcome == ToolCallRecord.OUTCOME_TIMED_OUT
    assert record.result == 'go_to took longer than 0.3 s and stopped.'


def test_without_a_report_its_end_is_unknown_and_its_resources_stay_locked(make_agent):
    agent = make_agent(GO, THERE, skill={'timeout_sec': 0.3})
    requests = agent.requests()
    record = agent.send().end()[1].tool_calls[0]
    assert record.outcome == ToolCallRecord.OUTCOME_UNKNOWN
    assert record.result == (
        'go_to took longer than 0.3 s, and who carries it out did not report its end in 0.5 s: '
        'the robot may still be moving.'
    )
    request = reached(requests, ActionRequest.UNKNOWN)
    refused = agent.call(CallTool, 'call_tool', **DOCK)
    assert 'the base is locked' in refused.message
    assert report(agent, request.request_id, REPORT.CANCELED, 'It stands.').success
    ended = reached(requests, ActionRequest.CANCELED)
    assert (ended.request_id, ended.text) == (request.request_id, 'Known at last: It stands.')
    again = agent.call(CallTool, 'call_tool', **DOCK)
    assert again.tool_call.outcome == ToolCallRecord.OUTCOME_UNKNOWN, 'the base was free'


def test_reports_that_are_not_taken(make_agent):
    agent = make_agent(GO, THERE)
    requests = agent.requests()
    goal = agent.send()
    request = reached(requests, ActionRequest.SENT)
    foreign = report(agent, 'f' * 32)
    assert (foreign.success, foreign.message) == (
        False,
        f"no request '{'f' * 32}' is open for a report",
    )
    odd = report(agent, request.request_id, 9)
    assert not odd.success
    assert odd.message.startswith('outcome is 9: give one of 0 (SUCCEEDED)')
    assert report(agent, request.request_id).success
    goal.end()
    twice = report(agent, request.request_id, REPORT.ABORTED)
    assert (twice.success, twice.message) == (
        False,
        f'request {request.request_id} was reported already, as SUCCEEDED',
    )


def test_a_report_after_cleanup_is_late(make_agent):
    agent = make_agent(GO, skill={'timeout_sec': 0.3})
    requests = agent.requests()
    agent.send().end()
    request = reached(requests, ActionRequest.UNKNOWN)
    agent.node.trigger_deactivate()
    agent.node.trigger_cleanup()
    late = report(agent, request.request_id)
    assert (late.success, late.message) == (False, f'request {request.request_id} was withdrawn')


def test_nobody_listens(make_agent):
    agent = make_agent(GO, THERE, server_wait_sec=0.1)
    record = agent.send().end()[1].tool_calls[0]
    assert record.outcome == ToolCallRecord.OUTCOME_UNAVAILABLE
    assert record.result == 'go_to cannot be used now: nobody listens to action_requests.'


def test_arguments_that_do_not_fit_are_not_sent(make_agent):
    agent = make_agent()
    requests = agent.requests()
    response = agent.call(CallTool, 'call_tool', tool='go_to', arguments='{"place": "moon"}')
    assert not response.success
    assert requests == []


def test_a_request_may_need_a_confirmation_first(make_agent):
    agent = make_agent(GO, skill={'confirm': 'always'})
    requests = agent.requests()
    goal = agent.send()
    request = reached(requests, ActionRequest.CONFIRM)
    early = report(agent, request.request_id)
    assert not early.success
    goal.cancel()
    assert goal.end()[1].error_code == ExecuteTask.Result.CANCELED
    assert ActionRequest.SENT not in [r.state for r in requests]
