import pytest

pytest.importorskip('rclpy')

from action_msgs.msg import GoalStatus
from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import ActionRequest, Confirmation, ToolCallRecord
from nemotron_agent_interfaces.srv import CallTool, ConfirmAction
from rclpy.lifecycle import TransitionCallbackReturn

from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest, manifest_with

pytestmark = pytest.mark.ros

PHASE = ExecuteTask.Feedback
GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')
GO_TO_KITCHEN = {'tool': 'go_to', 'arguments': '{"place": "kitchen"}'}


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies, **options):
        options = {'manifest': manifest_with(confirm='always'), **options}
        return AgentUnderTest(ros_domain, tmp_path, replies, **options).start()

    return make


def waiting(requests):
    """Wait for a request in the state CONFIRM."""
    return wait_for(
        lambda: next((r for r in requests if r.state == ActionRequest.CONFIRM), None), SOON
    )


def confirm(agent, request_id, approve=True, operator_id='alice', arguments_hash=''):
    return agent.call(
        ConfirmAction,
        'confirm_action',
        request_id=request_id,
        approve=approve,
        operator_id=operator_id,
        arguments_hash=arguments_hash,
    )


def test_a_confirmed_request_runs(make_agent):
    agent = make_agent(GO, THERE)
    requests = agent.requests()
    goal = agent.send(origin='operator')
    request = waiting(requests)
    assert request.text == (
        'action:operator asks for go_to with place kitchen; go_to needs an operator to confirm it '
        f'(request {request.request_id[:8]})'
    )
    assert len(request.arguments_hash) == 64
    assert request.expires_at.sec - request.stamp.sec in (59, 60, 61)
    goal.wait_phase(PHASE.CONFIRM)
    told = next(feedback for feedback in goal.feedback if feedback.phase == PHASE.CONFIRM)
    assert (told.tool, told.text) == ('go_to', request.text)
    assert agent.robot.goals == []
    response = confirm(agent, request.request_id, arguments_hash=request.arguments_hash)
    assert (response.success, response.message) == (True, '')
    status, result = goal.end()
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert len(agent.robot.goals) == 1
    record = result.tool_calls[0]
    assert record.verdict == ToolCallRecord.VERDICT_ALLOW
    assert record.verdict_reason == 'alice confirmed it'
    wait_for(lambda: requests[-1].state == ActionRequest.SUCCEEDED, SOON)
    assert [request.state for request in requests][:3] == [
        ActionRequest.CONFIRM,
        ActionRequest.PENDING,
        ActionRequest.SENT,
    ]
    assert {r.request_id for r in requests} == {request.request_id}


def test_a_denied_request_does_not_run_and_the_model_is_told(make_agent):
    agent = make_agent(GO, calls('decline', reason='Alice said no.'))
    requests = agent.requests()
    goal = agent.send()
    request = waiting(requests)
    assert confirm(agent, request.request_id, approve=False).success
    result = goal.end()[1]
    assert result.tool_calls[0].verdict == ToolCallRecord.VERDICT_DENY
    assert result.tool_calls[0].result == 'Not allowed: alice denied it'
    assert agent.model.requests[1].messages[-1].content == 'Not allowed: alice denied it'
    assert requests[-1].state == ActionRequest.DENIED
    assert agent.robot.goals == []


def test_a_request_that_nobody_confirms_expires_and_the_model_is_told(make_agent):
    agent = make_agent(GO, calls('decline', reason='Nobody is there.'), confirm_timeout_sec=1.0)
    requests = agent.requests()
    result = agent.send().end()[1]
    assert result.tool_calls[0].result == 'Not allowed: nobody confirmed it in 1 s'
    response = confirm(agent, waiting(requests).request_id)
    assert not response.success
    assert 'waits no more: nobody confirmed it in 1 s' in response.message
    assert agent.robot.goals == []


def test_what_is_no_answer_to_a_waiting_request_is_refused(make_agent):
    agent = make_agent(GO, THERE)
    requests = agent.requests()
    goal = agent.send()
    request = waiting(requests)
    foreign = confirm(agent, 'f' * 32)
    assert not foreign.success
    assert f"no request '{'f' * 32}' waits" in foreign.message
    wrong_hash = confirm(agent, request.request_id, arguments_hash='0' * 64)
    assert not wrong_hash.success
    assert 'is for other arguments' in wrong_hash.message
    nobody = confirm(agent, request.request_id, operator_id='')
    assert not nobody.success
    assert 'say in operator_id who decides' in nobody.message
    assert agent.robot.goals == []
    assert confirm(agent, request.request_id).success
    goal.end()
    again = confirm(agent, request.request_id)
    assert not again.success
    assert 'waits no more: alice confirmed it' in again.message
    assert len(agent.robot.goals) == 1


def test_an_operator_may_answer_by_topic(make_agent):
    agent = make_agent(GO, THERE)
    requests = agent.requests()
    publisher = agent.client_node.create_publisher(Confirmation, 'confirm_action', 10)
    wait_for(lambda: publisher.get_subscription_count() == 1, SOON)
    goal = agent.send()
    request = waiting(requests)
    publisher.publish(Confirmation(request_id='foreign', approve=True, operator_id='alice'))
    publisher.publish(
        Confirmation(request_id=request.request_id, approve=True, operator_id='alice')
    )
    assert goal.end()[0] == GoalStatus.STATUS_SUCCEEDED


def test_a_cancel_ends_the_waiting(make_agent):
    agent = make_agent(GO)
    requests = agent.requests()
    goal = agent.send()
    request = waiting(requests)
    goal.cancel()
    assert goal.end()[0] == GoalStatus.STATUS_CANCELED
    wait_for(lambda: requests[-1].state == ActionRequest.CANCELED, SOON)
    assert not confirm(agent, request.request_id).success
    assert agent.robot.goals == []


def test_a_deactivation_ends_the_waiting(make_agent):
    agent = make_agent(GO)
    requests = agent.requests()
    goal = agent.send()
    request = waiting(requests)
    assert agent.node.trigger_deactivate() is TransitionCallbackReturn.SUCCESS
    assert goal.end()[1].error_code == ExecuteTask.Result.CANCELED
    assert not confirm(agent, request.request_id).success
    agent.node.trigger_cleanup()
    assert 'the agent is not configured' in confirm(agent, request.request_id).message
    assert agent.robot.goals == []


def test_a_direct_call_waits_too(make_agent):
    agent = make_agent()
    requests = agent.requests()
    client = agent.client_node.create_client(CallTool, 'nemotron_agent/call_tool')
    assert client.wait_for_service(SOON)
    future = client.call_async(CallTool.Request(**GO_TO_KITCHEN))
    request = waiting(requests)
    assert agent.robot.goals == []
    assert confirm(agent, request.request_id).success
    assert wait_for(future.result, SOON).success
    assert len(agent.robot.goals) == 1


def test_who_asks_may_be_kept_from_confirming(make_agent):
    agent = make_agent(GO, THERE, confirm_by_another=True)
    requests = agent.requests()
    goal = agent.send(origin='operator')
    request = waiting(requests)
    own = confirm(agent, request.request_id, operator_id='operator')
    assert not own.success
    assert 'somebody else must confirm it' in own.message
    assert confirm(agent, request.request_id).success
    assert goal.end()[0] == GoalStatus.STATUS_SUCCEEDED
