"""The node on a machine whose memory a test sets."""

import threading

import pytest

pytest.importorskip('rclpy')

from action_msgs.msg import GoalStatus
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.lifecycle import TransitionCallbackReturn

from nemotron_agent.core.chat_model import ContextSize, MemoryUse
from nemotron_agent.core.errors import ChatTemplateError
from nemotron_agent.llm.memory_ladder import MemoryMarks
from nemotron_agent.llm.system_memory import SystemMemory
from nemotron_agent.ros.memory_watch import PERIOD_SEC
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest

ANSWER = calls('answer', text='I am here.')
LEAST = ContextSize(2048, 0)
PUBLISHED_EVERY_SEC = 0.1


class Machine:
    """A machine with so much memory available."""

    def __init__(self, folder, available_mb):
        self.system = SystemMemory(folder / 'proc', folder / 'cgroup')
        (self.system.proc / 'self').mkdir(parents=True)
        self.has(available_mb)
        status = 'VmRSS: 900000 kB\nVmHWM: 1200000 kB\nRssAnon: 800000 kB\n'
        (self.system.proc / 'self/status').write_text(status)

    def has(self, available_mb):
        (self.system.proc / 'meminfo').write_text(f'MemAvailable: {available_mb * 1000} kB\n')


class Memory:
    """What /diagnostics says of memory."""

    def __init__(self, agent):
        self._statuses = []
        agent.client_node.create_subscription(DiagnosticArray, '/diagnostics', self._take, 10)

    @property
    def status(self):
        return self._statuses[-1] if self._statuses else DiagnosticStatus()

    def _take(self, array):
        self._statuses += [each for each in array.status if each.name.endswith(': memory')]

    def wait_for_more(self, seconds):
        """Wait for what is told in so much time."""
        enough = len(self._statuses) + seconds / PUBLISHED_EVERY_SEC
        wait_for(lambda: len(self._statuses) > enough, SOON)

    @property
    def values(self):
        return {value.key: value.value for value in self.status.values}


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path, available_mb=4000)


def start_agent(domain, folder, machine, use, *replies, **options):
    agent = AgentUnderTest(domain, folder, replies, system=machine.system, **options)
    agent.model.context_size, agent.model.memory_use = LEAST, use
    return agent.start()


def test_a_turn_ends_before_the_node_gives_up(ros_domain, tmp_path, machine):
    let_go = threading.Event()
    agent = start_agent(
        ros_domain,
        tmp_path,
        machine,
        MemoryUse(buffers=10**9, context=10**8),
        ANSWER,
        before_reply=lambda cancel: let_go.wait(SOON),
    )
    memory = Memory(agent)
    goal = agent.send()
    machine.has(100)
    wait_for(lambda: memory.values.get('free_mb') == '102', SOON)
    let_go.set()
    status, result = goal.end()
    wait_for(lambda: memory.status.message == 'memory is short: inactive', SOON)

    assert status == GoalStatus.STATUS_SUCCEEDED
    assert result.answer == 'I am here.'
    assert memory.status.level == DiagnosticStatus.WARN
    assert agent.send().end()[1].error_code == result.NOT_ACTIVE


def test_a_release_ends_though_a_task_goes_on(ros_domain, tmp_path, machine):
    let_go = threading.Event()
    agent = start_agent(
        ros_domain,
        tmp_path,
        machine,
        MemoryUse(buffers=10**9, context=10**8),
        before_reply=lambda cancel: let_go.wait(),
        cancel_wait_sec=0.1,
    )
    memory = Memory(agent)
    goal = agent.send()
    machine.has(100)
    wait_for(lambda: memory.values.get('free_mb') == '102', SOON)
    releasing = threading.Thread(target=agent.node.release, daemon=True)
    releasing.start()
    releasing.join(SOON)
    try:
        assert not releasing.is_alive()
        status, result = goal.end()
        assert status == GoalStatus.STATUS_ABORTED
        assert result.error_code == result.INTERNAL
        assert result.error_msg == 'the task was told to end and has not ended within 5.1 s'
    finally:
        let_go.set()


def test_what_was_planned_stands_beside_what_is(ros_domain, tmp_path, machine):
    use = MemoryUse(
        buffers=10**9, context=10**8, planned_buffers=10**9, planned_process=1_190_000_000
    )
    memory = Memory(start_agent(ros_domain, tmp_path, machine, use))
    wait_for(lambda: 'llama_cpp_mb' in memory.values, SOON)

    assert (
        memory.values
        | {
            'process_peak_mb': '1228',
            'planned_process_mb': '1190',
            'llama_cpp_mb': '1000',
            'planned_llama_cpp_mb': '1000',
            'ladder': 'as configured',
        }
        == memory.values
    )
    assert memory.status.message == 'as planned'
    assert memory.status.level == DiagnosticStatus.OK


def test_a_process_that_outgrows_its_plan_is_told(ros_domain, tmp_path, machine):
    use = MemoryUse(buffers=10**9, context=10**8, planned_buffers=10**9, planned_process=10**9)
    memory = Memory(start_agent(ros_domain, tmp_path, machine, use))
    wait_for(lambda: 'llama_cpp_mb' in memory.values, SOON)

    assert memory.status.message == 'the process has held 228 MB more than was planned'
    assert memory.status.level == DiagnosticStatus.WARN


def test_buffers_that_outgrow_their_plan_are_told(ros_domain, tmp_path, machine):
    use = MemoryUse(
        buffers=10**9, context=10**8, planned_buffers=9 * 10**8, planned_process=2 * 10**9
    )
    memory = Memory(start_agent(ros_domain, tmp_path, machine, use))
    wait_for(lambda: 'llama_cpp_mb' in memory.values, SOON)

    assert memory.status.message == 'llama.cpp has made buffers of 100 MB more than was planned'
    assert memory.status.level == DiagnosticStatus.WARN


def test_pages_of_the_model_in_use_are_not_free(ros_domain, tmp_path, machine):
    use = MemoryUse(buffers=10**9, context=10**8, mapped=3_000_000_000)
    memory = Memory(start_agent(ros_domain, tmp_path, machine, use))
    wait_for(lambda: memory.values.get('free_mb') == '1096', SOON)


def test_what_the_plan_left_is_not_too_little(ros_domain, tmp_path, machine):
    # The process holds 819 MB and can take 256 more, of which the plan leaves 100.
    machine.has(250)
    use = MemoryUse(buffers=10**9, context=10**8, planned_needed=975_200_000)
    memory = Memory(start_agent(ros_domain, tmp_path, machine, use))
    machine.has(60)
    wait_for(lambda: memory.values.get('free_mb') == '61', SOON)
    memory.wait_for_more(MemoryMarks.down_sec + 2 * PERIOD_SEC)
    assert memory.values['ladder'] == 'as configured'

    machine.has(40)
    wait_for(lambda: memory.status.message == 'memory is short: inactive', SOON)


def test_an_agent_whose_memory_cannot_be_watched_is_freed(ros_domain, tmp_path, machine):
    agent = AgentUnderTest(ros_domain, tmp_path, [], system=machine.system)
    agent.model.memory_use = MemoryUse(buffers=10**9, context=10**8)

    def fail(request):
        raise ChatTemplateError('the template fails')

    agent.model.count_tokens = fail
    assert agent.configure() is TransitionCallbackReturn.FAILURE
    assert agent.model.closed
    del agent.model.count_tokens
    assert agent.configure() is TransitionCallbackReturn.SUCCESS


def test_nothing_is_watched_where_that_is_not_wanted(ros_domain, tmp_path, machine):
    use = MemoryUse(buffers=10**9, context=10**8)
    agent = start_agent(ros_domain, tmp_path, machine, use, memory_low_mb=0)
    memory = Memory(agent)
    wait_for(lambda: 'llama_cpp_mb' in memory.values, SOON)

    assert 'ladder' not in memory.values
