"""A node in a control group with a little less memory than its plan, and with a little more."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip('rclpy')

from nemotron_agent_interfaces.action import ExecuteTask

from nemotron_agent.cli.main import main
from nemotron_agent.ros.main import EXIT_NOT_CONFIGURED
from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.testing.memory_cgroup import MemoryCgroup, NoCgroupError
from nemotron_agent.testing.ros_domain import wait_for

pytestmark = [pytest.mark.ros, pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(300)]

LIMIT_SEC = 100
N_CTX = 1024
TURNS = 50
SKILLS = """\
skills:
  - id: say
    description: Say something.
    interface: topic
    datatype: std_msgs/msg/String
    default_interface_path: say
    parameters:
      in:
        - {name: text, type: string, required: true}
    request:
      data: {argument: text}
"""


class LimitedNode:
    """A real node with SmolLM2 in a group of its own."""

    def __init__(self, group: MemoryCgroup, model: Path, folder: Path, ros_domain) -> None:
        skills = folder / 'skills.yaml'
        skills.write_text(SKILLS)
        self.log = folder / 'node.log'
        values = {
            'model': model,
            'skills_file': skills,
            'n_ctx': N_CTX,
            'max_reply_tokens': 16,
            'summary_tokens': 32,
            'server_wait_sec': 0.1,
            'max_steps': 2,
        }
        words = [word for name, value in values.items() for word in ('-p', f'{name}:={value}')]
        command = [sys.executable, '-m', 'nemotron_agent.ros.main', '--ros-args', *words]
        with self.log.open('wb') as log:
            self.process = subprocess.Popen(
                group.command(command),
                env={**ros_domain.environment, 'NEMOTRON_AGENT_CACHE': str(folder / 'cache')},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def peak_bytes(self) -> int:
        """Most memory it has held."""
        status = Path(f'/proc/{self.process.pid}/status').read_text()
        line = next(line for line in status.splitlines() if line.startswith('VmHWM:'))
        return int(line.split()[1]) * 1024


@pytest.fixture
def needed_bytes(smollm2_path, capsys):
    """What the plan says."""
    assert main(['memory', '--model', str(smollm2_path), '--n-ctx', str(N_CTX), '--json']) == 0
    return json.loads(capsys.readouterr().out)['plan']['needed_bytes']


@pytest.fixture
def run_limited(smollm2_path, tmp_path, ros_domain):
    """Run a node under a limit, and hand it to a function."""

    def run(limit_bytes, follow):
        try:
            with MemoryCgroup(limit_bytes) as group:
                node = LimitedNode(group, smollm2_path, tmp_path, ros_domain)
                try:
                    follow(node)
                finally:
                    node.process.kill()
                    node.process.wait()
        except NoCgroupError as error:
            pytest.skip(str(error))

    return run


def test_with_too_little_it_refuses_before_it_loads(needed_bytes, run_limited):
    def follow(node):
        assert node.process.wait(LIMIT_SEC) == EXIT_NOT_CONFIGURED
        log = node.log.read_text()
        assert 'of memory and may have' in log
        assert 'the limit of the control group' in log
        assert 'kv_cache' in log
        assert 'what would fit' in log

    run_limited(needed_bytes * 9 // 10, follow)


def test_with_a_little_more_it_runs_beyond_the_end_of_the_window(needed_bytes, run_limited):
    tokens = 0

    def follow(node):
        nonlocal tokens
        with TaskClient() as client:
            wait_for(lambda: client.agent_state(1.0) == 'active', LIMIT_SEC)
            for number in range(TURNS):
                goal = ExecuteTask.Goal(task=f'Say what comes after the number {number}.')
                result = client.send(goal, lambda feedback: None).wait(LIMIT_SEC)
                assert result is not None, node.log.read_text()
                assert result.error_code != ExecuteTask.Result.CONTEXT_FULL, result.error_msg
                tokens += result.stats.new_tokens + result.stats.generated_tokens
        assert node.process.poll() is None
        assert 'MB of memory are free' not in node.log.read_text()
        assert node.peak_bytes <= needed_bytes * 11 // 10
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(LIMIT_SEC) == 0

    run_limited(needed_bytes * 11 // 10, follow)
    assert tokens > 2 * N_CTX
