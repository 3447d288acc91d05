import threading

import pytest

pytest.importorskip('rclpy')

from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import Twist, TwistStamped
from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import ToolCallRecord
from nemotron_agent_interfaces.srv import Ask, CallTool
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from std_msgs.msg import Bool, Empty, String
from std_srvs.srv import Trigger

from nemotron_agent.ros.spinner import Spinner
from nemotron_agent.ros.stop_server import LATCHED
from nemotron_agent.safety.stop_file import UNREADABLE, StopFile
from nemotron_agent.safety.stop_latch import Stop
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.mock_action_server import Behavior
from nemotron_agent.testing.own_ros_domain import THREADS
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest, answer_of

pytestmark = pytest.mark.ros

RESULT = ExecuteTask.Result
PHASE = ExecuteTask.Feedback
GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')
AGENT = '/nemotron_agent'


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies, **options):
        return StoppableAgent(ros_domain, tmp_path, replies, **options)

    return make


class StoppableAgent(AgentUnderTest):
    """An agent, and what it tells of its stop."""

    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        self.states = []
        self.client_node.create_subscription(
            Bool, 'stop_state', lambda message: self.states.append(message.data), LATCHED
        )

    def drive(self):
        """Send a task, and wait until the robot has its goal."""
        self.robot.behavior = Behavior.HANG
        goal = self.send()
        assert self.robot.executing.wait(SOON)
        return goal

    def stop(self):
        return self.call(Trigger, 'stop')

    def release(self):
        return self.call(Trigger, 'release_stop')

    def publisher(self, message_type, topic, qos=10, subscribers=1):
        publisher = self.client_node.create_publisher(message_type, topic, qos)
        wait_for(lambda: publisher.get_subscription_count() >= subscribers, SOON)
        return publisher

    def wait_stopped(self):
        wait_for(lambda: self.states[-1:] == [True], SOON)


def until_canceled(cancel):
    assert cancel.wait(SOON), 'nobody cancelled'


def test_a_stop_cancels_the_goal_and_holds_until_it_is_released(make_agent):
    agent = make_agent(GO, GO, calls('answer', text='I am stopped.'), GO, THERE).start()
    goal = agent.drive()
    response = agent.stop()
    assert response.success
    assert response.message.startswith('stopped by the service ~/stop at ')
    assert '; 1 running calls were cancelled, in ' in response.message
    status, result = goal.end()
    assert (status, result.error_code) == (GoalStatus.STATUS_ABORTED, RESULT.STOPPED)
    assert result.error_msg == 'the task was stopped'
    assert agent.robot.endings == ['canceled']
    agent.wait_stopped()

    status, result = agent.send().end()
    assert (status, result.answer) == (GoalStatus.STATUS_SUCCEEDED, 'I am stopped.')
    assert result.tool_calls[0].verdict == ToolCallRecord.VERDICT_DENY
    assert 'the robot is stopped by the service ~/stop' in result.tool_calls[0].verdict_reason
    assert len(agent.robot.goals) == 1

    response = agent.release()
    assert response.success
    assert response.message.startswith('released; it was stopped by the service ~/stop')
    assert agent.release().message == 'it was not stopped'
    agent.robot.behavior = Behavior.SUCCEED
    assert agent.send().end()[1].answer == 'I am there.'
    assert agent.states[-1] is False


BEST_EFFORT = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
TRANSIENT = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


@pytest.mark.parametrize(
    ('topic', 'message', 'qos', 'reason'),
    [
        ('e_stop', Bool(data=True), 10, 'the topic e_stop'),
        ('e_stop', Bool(data=True), BEST_EFFORT, 'the topic e_stop'),
        ('e_stop', Bool(data=True), TRANSIENT, 'the topic e_stop'),
        ('command', String(data='Stop!'), 10, 'the words "stop" from topic:command'),
        (
            'speech',
            String(data='bitte anhalten'),
            10,
            'the words "bitte anhalten" from topic:speech',
        ),
        (
            'speech_partial',
            String(data='stop at'),
            10,
            'the words "stop" from topic:speech_partial',
        ),
        ('speech_partial', String(data='halt'), BEST_EFFORT, 'the words "halt" from topic:speech'),
    ],
)
def test_every_topic_that_stops(make_agent, topic, message, qos, reason):
    agent = make_agent(GO).start()
    publisher = agent.publisher(type(message), topic, qos)
    goal = agent.drive()
    publisher.publish(message)
    assert goal.end()[1].error_code == RESULT.STOPPED
    assert agent.robot.endings == ['canceled']
    assert agent.release().message.startswith(f'released; it was stopped by {reason}')


def test_an_e_stop_published_before_the_agent_began_stops_it(make_agent, ros_domain):
    early = ros_domain.make_node('button').create_publisher(Bool, 'e_stop', LATCHED)
    early.publish(Bool(data=True))
    agent = make_agent()
    agent.wait_stopped()


def test_what_stops_nothing(make_agent):
    agent = make_agent(THERE).start()
    e_stop = agent.publisher(Bool, 'e_stop', subscribers=2)
    e_stop.publish(Bool(data=False))
    answers = []
    agent.client_node.create_subscription(
        String, 'response', lambda message: answers.append(message.data), 10
    )
    command = agent.publisher(String, 'command', subscribers=2)
    wait_for(lambda: agent.client_node.count_publishers('response') == 1, SOON)
    command.publish(String(data='stop at the door'))
    wait_for(lambda: answers == ['I am there.'], SOON)
    assert agent.release().message == 'it was not stopped'


def test_an_e_stop_that_is_false_releases_nothing(make_agent):
    agent = make_agent().start()
    e_stop = agent.publisher(Bool, 'e_stop', subscribers=2)
    e_stop.publish(Bool(data=True))
    agent.wait_stopped()
    e_stop.publish(Bool(data=False))
    e_stop.publish(Bool(data=True))
    assert agent.release().message.startswith('released; it was stopped by the topic e_stop')


def test_a_task_of_stop_words_is_done_at_once_in_any_state(make_agent):
    agent = make_agent()
    status, result = agent.send('Stop, please!').end()
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert result.answer == 'Stopped. Nothing moves until the stop is released.'
    agent.wait_stopped()
    assert agent.call(Ask, 'ask', task='halt').error_code == RESULT.NONE
    assert agent.model.requests == []


def test_stop_words_stop_whatever_else_is_wrong_with_a_task(make_agent):
    agent = make_agent()
    agent.send('stop', thinking=7, timeout_sec=-1.0, origin='o' * 10**5).end()
    agent.wait_stopped()
    assert 'characters left out' in agent.release().message


def test_a_stop_while_the_model_reads(make_agent):
    agent = make_agent(GO, before_reply=until_canceled).start()
    goal = agent.send()
    goal.wait_phase(PHASE.PREFILL)
    agent.stop()
    assert goal.end()[1].error_code == RESULT.STOPPED
    assert agent.robot.goals == []


def test_a_stop_while_a_server_ignores_the_cancel(make_agent):
    agent = make_agent(GO).start()
    agent.robot.behavior = Behavior.IGNORE_CANCEL
    goal = agent.send()
    assert agent.robot.executing.wait(SOON)
    assert agent.stop().success
    wait_for(lambda: agent.robot.cancel_requests == 1, SOON)
    assert agent.states[-1:] == [True]
    agent.robot.release()
    assert goal.end()[1].error_code == RESULT.STOPPED


def test_a_stop_before_the_server_has_taken_the_goal(make_agent):
    agent = make_agent(GO).start()
    agent.robot.behavior = Behavior.ACCEPT_LATE
    goal = agent.send()
    assert agent.robot.asked.wait(SOON)
    agent.stop()
    agent.robot.release()
    assert goal.end()[1].error_code == RESULT.STOPPED
    wait_for(lambda: agent.robot.endings == ['canceled'], SOON)


def test_a_stop_before_the_server_is_there(make_agent):
    agent = make_agent(GO, server_wait_sec=SOON).start()
    agent.robot.close()
    goal = agent.send()
    goal.wait_phase(PHASE.CALLING)
    agent.stop()
    status, result = goal.end()
    assert result.error_code == RESULT.STOPPED
    assert [record.outcome for record in result.tool_calls] in (
        [],
        [ToolCallRecord.OUTCOME_CANCELED],
        [ToolCallRecord.OUTCOME_REJECTED],
    )


def test_a_stop_ends_what_waits_in_a_full_queue(make_agent):
    agent = make_agent(before_reply=until_canceled, queue_size=3).start()
    running = agent.send()
    running.wait_phase(PHASE.PREFILL)
    waiting = [agent.send() for _ in range(3)]
    for goal in waiting:
        goal.wait_phase(PHASE.QUEUED)
    agent.stop()
    for goal in (running, *waiting):
        assert goal.end()[1].error_code == RESULT.STOPPED
    assert len(agent.model.requests) == 1


def test_a_stop_ends_a_direct_call(make_agent):
    agent = make_agent().start()
    agent.robot.behavior = Behavior.HANG
    client = agent.client_node.create_client(CallTool, f'{AGENT}/call_tool')
    assert client.wait_for_service(SOON)
    request = CallTool.Request(tool='go_to', arguments='{"place": "dock"}')
    called = client.call_async(request)
    assert agent.robot.executing.wait(SOON)
    agent.stop()
    assert answer_of(called).message == 'go_to was stopped and stopped.'
    denied = answer_of(client.call_async(request))
    assert 'Not allowed: the robot is stopped by the service ~/stop' in denied.message
    assert len(agent.robot.goals) == 1


@pytest.fixture
def outsider(ros_domain):
    """A node that needs no thread of the executor that spins the agent."""
    node = Node('outsider', context=ros_domain.context)
    executor = SingleThreadedExecutor(context=ros_domain.context)
    executor.add_node(node)
    spinner = Spinner(executor)
    yield node
    spinner.close()
    node.destroy_node()


def test_a_stop_while_every_thread_of_the_executor_is_busy(make_agent, outsider, ros_domain):
    agent = make_agent(before_reply=until_canceled).start()
    goal = agent.send()
    goal.wait_phase(PHASE.PREFILL)
    stops = outsider.create_client(Trigger, f'{AGENT}/stop')
    assert stops.wait_for_service(SOON)
    others = THREADS - 1  # one waits for the task
    busy, free = threading.Barrier(others + 1), threading.Event()

    def work():
        busy.wait(SOON)
        free.wait(SOON)

    node = ros_domain.make_node('busy')
    for _ in range(others):
        node.create_timer(0.01, work, callback_group=MutuallyExclusiveCallbackGroup())
    busy.wait(SOON)
    response = answer_of(stops.call_async(Trigger.Request()))
    assert response.success
    assert not free.is_set()
    for timer in list(node.timers):
        timer.cancel()
    free.set()
    assert goal.end()[1].error_code == RESULT.STOPPED


@pytest.mark.parametrize(('stamped', 'message_type'), [(False, Twist), (True, TwistStamped)])
def test_zero_velocity_is_published_for_a_while(make_agent, stamped, message_type):
    agent = make_agent(stop_velocity_topic='cmd_vel', stop_velocity_stamped=stamped)
    received = []
    agent.client_node.create_subscription(message_type, 'cmd_vel', received.append, 100)
    agent.start()
    wait_for(lambda: agent.client_node.count_publishers('cmd_vel') == 1, SOON)
    assert received == []
    agent.stop()
    wait_for(lambda: len(received) >= 5, SOON)
    twists = [message.twist if stamped else message for message in received]
    assert all(twist == Twist() for twist in twists)
    if stamped:
        assert received[0].header.stamp.sec > 0


def test_a_lost_heartbeat_of_the_operator_stops_an_active_agent(make_agent):
    agent = make_agent(operator_heartbeat_sec=0.5)
    heartbeat = agent.publisher(Empty, 'operator_heartbeat', BEST_EFFORT)
    agent.configure()
    beating, ends = threading.Event(), threading.Event()

    def beat():
        while not ends.wait(0.1):
            heartbeat.publish(Empty())
            beating.set()

    thread = threading.Thread(target=beat)
    thread.start()
    assert beating.wait(SOON)
    agent.node.trigger_activate()
    ends.set()
    thread.join(SOON)
    agent.wait_stopped()
    told = 'released; it was stopped by the loss of operator_heartbeat for 0.5 s'
    assert agent.release().message.startswith(told)
    wait_for(lambda: agent.states[-1] is True, SOON)
    agent.node.trigger_deactivate()
    agent.release()
    wait_for(lambda: agent.states[-1] is False, SOON)


def test_a_stop_is_safe_and_holds_in_every_state(make_agent):
    agent = make_agent(GO, calls('answer', text='I am stopped.'))
    assert agent.stop().success
    agent.start()
    assert agent.send().end()[1].answer == 'I am stopped.'
    agent.node.trigger_deactivate()
    assert agent.stop().success
    agent.node.trigger_cleanup()
    assert agent.stop().success
    agent.start()
    denied = agent.call(CallTool, 'call_tool', tool='go_to', arguments='{"place": "dock"}')
    assert 'the robot is stopped' in denied.message
    assert agent.robot.goals == []


def test_a_stop_holds_over_a_restart(make_agent):
    StopFile.of_node(AGENT).write(Stop('the topic e_stop', 1.0))
    agent = make_agent().start()
    agent.wait_stopped()
    assert 'stopped by the topic e_stop at 1970' in agent.release().message
    assert StopFile.of_node(AGENT).read() is None
    agent.stop()
    assert StopFile.of_node(AGENT).read().reason == 'the service ~/stop'


def test_a_stop_that_cannot_be_read_is_a_stop(make_agent):
    path = StopFile.of_node(AGENT).path
    path.parent.mkdir(parents=True)
    path.write_text('{')
    agent = make_agent()
    agent.wait_stopped()
    assert UNREADABLE in agent.release().message


def test_diagnostics_show_the_stop(make_agent):
    agent = make_agent().start()
    messages = []
    agent.client_node.create_subscription(DiagnosticArray, '/diagnostics', messages.append, 10)

    def shown():
        status = messages[-1].status[0] if messages else DiagnosticStatus()
        return status, {pair.key: pair.value for pair in status.values}

    wait_for(lambda: shown()[1].get('stop') == 'released', SOON)
    agent.stop()
    wait_for(lambda: shown()[1]['stop'].startswith('stopped by the service ~/stop at '), SOON)
    status, values = shown()
    assert status.level == DiagnosticStatus.WARN
    assert 'stopped by the service ~/stop' in status.message
    assert float(values['stop_latency_ms']) >= 0.0


def test_bad_stop_words_fail_the_configure_and_leave_the_service(make_agent, tmp_path):
    agent = make_agent(stop_words_file=str(tmp_path / 'none.yaml'))
    assert agent.configure() is TransitionCallbackReturn.FAILURE
    assert agent.stop().success
