import pytest

pytest.importorskip('rclpy')

from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray
from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import ActionRequest, ToolCallRecord
from nemotron_agent_interfaces.srv import (
    Ask,
    CallTool,
    ClearConversation,
    ListConversations,
    ListTools,
)
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from std_msgs.msg import String

from nemotron_agent.core.errors import ContextFullError, EvaluationError, ModelFileError
from nemotron_agent.ros.action_request_publisher import QOS
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.mock_action_server import Behavior
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest

RESULT = ExecuteTask.Result
PHASE = ExecuteTask.Feedback
GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies, **options):
        return AgentUnderTest(ros_domain, tmp_path, replies, **options)

    return make


def until_canceled(cancel):
    assert cancel.wait(SOON), 'nobody cancelled'


def test_a_task_from_goal_to_result(make_agent):
    agent = make_agent(GO, THERE).start()
    goal = agent.send(conversation_id='c', origin='operator')
    status, result = goal.end()
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert (result.error_code, result.error_msg) == (RESULT.NONE, '')
    assert result.answer == 'I am there.'
    assert agent.robot.goals[0].pose.pose.position.x == 4.0
    record = result.tool_calls[0]
    assert (record.tool, record.arguments) == ('go_to', '{"place": "kitchen"}')
    assert record.verdict == ToolCallRecord.VERDICT_ALLOW
    assert record.outcome == ToolCallRecord.OUTCOME_SUCCEEDED
    assert result.stats.turns == 2
    assert result.stats.prompt_tokens == result.stats.reused_tokens + result.stats.new_tokens
    assert PHASE.RESULT in goal.phases()
    assert goal.phases()[0] == PHASE.QUEUED
    calling = [feedback for feedback in goal.feedback if feedback.tool == 'go_to']
    assert calling[0].arguments == '{"place": "kitchen"}'


def test_a_goal_while_unconfigured_says_so_and_moves_nothing(make_agent):
    agent = make_agent()
    status, result = agent.send().end()
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_code == RESULT.NOT_ACTIVE
    assert 'configure and activate' in result.error_msg
    assert agent.call(Ask, 'ask', task='go').error_code == RESULT.NOT_ACTIVE
    assert agent.call(ListTools, 'list_tools').message.startswith('the agent is not configured')
    for response in (
        agent.call(CallTool, 'call_tool', tool='go_to', arguments='{"place": "dock"}'),
        agent.call(ClearConversation, 'clear_conversation'),
    ):
        assert not response.success
        assert 'configure and activate' in response.message
    assert agent.robot.goals == []


@pytest.mark.parametrize(
    ('goal', 'told'),
    [
        ({'task': ' \n '}, 'the command is empty'),
        ({'task': 'x' * 2**20}, 'has 1048576 bytes and may have 4096'),
        ({'task': 'go', 'thinking': 7}, 'thinking is 7'),
        ({'task': 'go', 'timeout_sec': -1.0}, 'timeout_sec is -1.0'),
        ({'task': 'go', 'timeout_sec': float('nan')}, 'timeout_sec is nan'),
        ({'task': 'go', 'conversation_id': 'c' * 300}, 'conversation_id has 300 characters'),
    ],
)
def test_bad_goals_say_what_is_wrong(make_agent, goal, told):
    agent = make_agent(GO).start()
    status, result = agent.send(**goal).end()
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_code == RESULT.INVALID_TASK
    assert told in result.error_msg
    assert agent.model.requests == []


def test_a_cancel_while_the_model_reads(make_agent):
    agent = make_agent(GO, before_reply=until_canceled).start()
    goal = agent.send()
    goal.wait_phase(PHASE.PREFILL)
    assert agent.call(ListTools, 'list_tools').success, 'services are served meanwhile'
    assert goal.cancel().goals_canceling
    status, result = goal.end()
    assert status == GoalStatus.STATUS_CANCELED
    assert result.error_code == RESULT.CANCELED
    assert agent.robot.goals == []


def test_a_cancel_reaches_the_running_goal(make_agent):
    agent = make_agent(GO, THERE).start()
    agent.robot.behavior = Behavior.HANG
    goal = agent.send()
    assert agent.robot.executing.wait(SOON)
    goal.cancel()
    status, result = goal.end()
    assert status == GoalStatus.STATUS_CANCELED
    assert agent.robot.endings == ['canceled']
    assert result.tool_calls[0].outcome == ToolCallRecord.OUTCOME_CANCELED


def test_a_time_limit_reaches_the_running_goal(make_agent):
    agent = make_agent(GO, THERE).start()
    agent.robot.behavior = Behavior.HANG
    status, result = agent.send(timeout_sec=0.5).end()
    assert status == GoalStatus.STATUS_ABORTED
    assert result.error_code == RESULT.TIMED_OUT
    assert agent.robot.endings == ['canceled']


def test_deactivate_cancels_what_runs(make_agent):
    agent = make_agent(GO, THERE).start()
    agent.robot.behavior = Behavior.HANG
    goal = agent.send()
    assert agent.robot.executing.wait(SOON)
    assert agent.node.trigger_deactivate() is TransitionCallbackReturn.SUCCESS
    status, result = goal.end()
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, RESULT.CANCELED)
    assert agent.robot.endings == ['canceled']
    assert agent.send().end()[1].error_code == RESULT.NOT_ACTIVE


def test_cleanup_frees_the_model_and_configure_loads_again(make_agent):
    agent = make_agent(THERE).start()
    agent.node.trigger_deactivate()
    assert agent.node.trigger_cleanup() is TransitionCallbackReturn.SUCCESS
    assert agent.model.closed
    agent.start()
    assert agent.send().end()[1].answer == 'I am there.'


@pytest.mark.parametrize(
    'failure', [ModelFileError('the model file is cut short'), EvaluationError('no memory')]
)
def test_a_failed_configure_leaves_nothing_and_can_be_tried_again(make_agent, failure):
    agent = make_agent(THERE)
    agent.load_failures = [failure]
    assert agent.configure() is TransitionCallbackReturn.FAILURE
    assert not agent.call(ListTools, 'list_tools').success
    agent.start()
    assert agent.send().end()[1].error_code == RESULT.NONE


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('skills_file', '/no/such/skills.yaml'),
        ('places_file', '/no/such/places.yaml'),
        ('system_prompt_file', '/no/such/prompt.txt'),
        ('kv_type', 'f8'),
    ],
)
def test_bad_parameters_fail_the_configure(make_agent, name, value):
    agent = make_agent(**{name: value})
    assert agent.configure() is TransitionCallbackReturn.FAILURE
    assert agent.send().end()[1].error_code == RESULT.NOT_ACTIVE


def test_an_empty_system_prompt_fails_the_configure(make_agent, tmp_path):
    prompt = tmp_path / 'prompt.txt'
    prompt.write_text('\n')
    assert make_agent(system_prompt_file=str(prompt)).configure() is (
        TransitionCallbackReturn.FAILURE
    )


def test_a_parameter_out_of_range_is_refused(make_agent):
    agent = make_agent()
    result = agent.node.set_parameters([Parameter('n_ctx', value=-1)])[0]
    assert not result.successful
    assert 'n_ctx' in result.reason


def test_commands_by_topic(make_agent, ros_domain):
    agent = make_agent(GO, THERE).start()
    responses = []
    agent.client_node.create_subscription(
        String, 'response', lambda message: responses.append(message.data), 10
    )
    command = agent.client_node.create_publisher(String, 'command', 10)
    wait_for(lambda: command.get_subscription_count() == 2, SOON)
    wait_for(lambda: agent.client_node.count_publishers('response') == 1, SOON)
    command.publish(String(data='go to the kitchen'))
    wait_for(lambda: responses == ['I am there.'], SOON)
    command.publish(String(data=''))
    wait_for(lambda: len(responses) == 2, SOON)
    assert 'the command is empty' in responses[1]
    assert agent.model.requests[0].conversation_id == 'default'


def test_a_full_queue_says_so(make_agent):
    agent = make_agent(before_reply=until_canceled, queue_size=1).start()
    running = agent.send()
    running.wait_phase(PHASE.PREFILL)
    waiting = agent.send()
    waiting.wait_phase(PHASE.QUEUED)
    status, result = agent.send().end()
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, RESULT.QUEUE_FULL)
    for goal in (waiting, running):
        goal.cancel()
        assert goal.end()[0] == GoalStatus.STATUS_CANCELED


def test_higher_priority_preempts(make_agent):
    agent = make_agent(GO, THERE).start()
    agent.robot.behavior = Behavior.HANG
    low = agent.send()
    assert agent.robot.executing.wait(SOON)
    high = agent.send('answer now', priority=5)
    assert low.end()[1].error_code == RESULT.PREEMPTED
    assert high.end()[1].answer == 'I am there.'


def test_ask_is_the_same_in_one_call(make_agent):
    agent = make_agent(GO, calls('ask_operator', question='And then?')).start()
    response = agent.call(Ask, 'ask', task='go')
    assert (response.error_code, response.answer) == (RESULT.NONE, 'And then?')
    assert response.awaits_reply


def test_a_declined_task_is_aborted_with_its_reason(make_agent):
    agent = make_agent(calls('decline', reason='I cannot fly.')).start()
    status, result = agent.send('fly').end()
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, RESULT.DECLINED)
    assert result.error_msg == result.answer == 'I cannot fly.'


def test_tools_can_be_listed_and_called(make_agent):
    agent = make_agent().start()
    tools = agent.call(ListTools, 'list_tools').tools
    assert [tool.name for tool in tools] == ['go_to', 'answer', 'ask_operator', 'decline']
    response = agent.call(CallTool, 'call_tool', tool='go_to', arguments='{"place": "dock"}')
    assert response.success
    assert len(agent.robot.goals) == 1


@pytest.mark.parametrize(
    ('tool', 'arguments', 'told'),
    [
        ('go_to', '{"place": "moon"}', "'moon' is not one of"),
        ('go_to', '', "'place' is a required property"),
        ('go_to', '{', 'arguments is no JSON'),
        ('go_to', '[]', 'must be a JSON object'),
        ('go_to', '[' * 100_000, 'arguments is no JSON'),
        ('fly', '{}', 'There is no tool "fly"'),
    ],
)
def test_bad_direct_calls_move_nothing(make_agent, tool, arguments, told):
    agent = make_agent().start()
    response = agent.call(CallTool, 'call_tool', tool=tool, arguments=arguments)
    assert not response.success
    assert told in response.message
    assert agent.robot.goals == []


def test_conversations_can_be_listed_and_cleared(make_agent):
    agent = make_agent(THERE, THERE).start()
    agent.send(conversation_id='a').end()
    agent.send(conversation_id='b').end()
    listed = agent.call(ListConversations, 'list_conversations')
    assert listed.conversation_ids == ['a', 'b']
    assert list(listed.messages) == [2, 2]
    assert list(listed.busy) == [False, False]
    assert agent.call(ClearConversation, 'clear_conversation', conversation_id='a').success
    assert agent.model.forgotten == ['a']
    response = agent.call(ClearConversation, 'clear_conversation', conversation_id='a')
    assert not response.success
    assert 'no conversation "a"' in response.message


def test_clearing_a_conversation_cancels_its_task(make_agent):
    agent = make_agent(before_reply=until_canceled).start()
    goal = agent.send(conversation_id='a')
    goal.wait_phase(PHASE.PREFILL)
    assert agent.call(ClearConversation, 'clear_conversation', conversation_id='a').success
    assert goal.end()[1].error_code == RESULT.CANCELED


def test_action_requests_are_there_for_late_subscribers(make_agent):
    agent = make_agent(GO, THERE).start()
    agent.send(conversation_id='c', origin='fleet').end()
    requests = []
    agent.client_node.create_subscription(ActionRequest, 'action_requests', requests.append, QOS)
    wait_for(lambda: requests and requests[-1].state == ActionRequest.SUCCEEDED, SOON)
    assert [request.state for request in requests] == [
        ActionRequest.PENDING,
        ActionRequest.SENT,
        ActionRequest.EXECUTING,
        ActionRequest.SUCCEEDED,
    ]
    assert len({request.request_id for request in requests}) == 1
    last = requests[-1]
    assert (last.origin, last.conversation_id, last.skill) == ('action:fleet', 'c', 'go_to')
    assert last.arguments == '{"place": "kitchen"}'
    assert last.interface_path == '/navigate_to_pose'


def test_diagnostics(make_agent):
    agent = make_agent()
    messages = []
    agent.client_node.create_subscription(DiagnosticArray, '/diagnostics', messages.append, 10)
    wait_for(lambda: messages and messages[-1].status[0].message == 'not configured', SOON)
    agent.start()
    wait_for(lambda: messages[-1].status[0].message == 'active', SOON)
    values = {pair.key: pair.value for pair in messages[-1].status[0].values}
    assert values['model'] == 'listed'
    assert values['tasks_waiting'] == '0'


def test_a_compaction_is_feedback_and_on_diagnostics(make_agent):
    answers = [calls('answer', text=f'{number}') for number in range(7)]
    agent = make_agent(
        *answers[:6], ContextFullError(4300, 4096), answers[6], keep_turns=1
    ).start()
    diagnostics = []
    agent.client_node.create_subscription(
        DiagnosticArray, '/diagnostics', lambda message: diagnostics.append(message), 10
    )
    for _ in range(6):
        agent.send('go on and on ' * 50).end()
    goal = agent.send()
    assert goal.end()[0] == GoalStatus.STATUS_SUCCEEDED
    goal.wait_phase(PHASE.COMPACTED)
    text = next(each.text for each in goal.feedback if each.phase == PHASE.COMPACTED)
    assert 'oldest turns left out' in text

    def said():
        values = {v.key: v.value for m in diagnostics for s in m.status for v in s.values}
        return values.get('compactions') == '1' and text in values['last_compaction']

    wait_for(said, SOON)
    assert 'left out so far' in agent.model.requests[-1].messages[1].content
