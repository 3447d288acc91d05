"""The agent as a process of its own."""

import signal
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

from nemotron_agent.ros.main import EXIT_BAD_PARAMETER, EXIT_NOT_CONFIGURED
from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.testing.ros_domain import wait_for

LIMIT_SEC = 60


def start(ros_domain, *parameters):
    arguments = [word for parameter in parameters for word in ('-p', parameter)]
    return subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.ros.main', '--ros-args', *arguments],
        env=ros_domain.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    ('parameter', 'told'),
    [
        ('model:=/no/such/model.gguf', 'there is no file /no/such/model.gguf'),
        ('model:=nemotron-3-nano-5b', 'did you mean nemotron-3-nano-4b?'),
        ('skills_file:=/no/such/skills.yaml', '/no/such/skills.yaml'),
    ],
)
def test_what_cannot_be_configured_ends_the_process_with_a_reason(ros_domain, parameter, told):
    process = start(ros_domain, parameter)
    output, _ = process.communicate(timeout=LIMIT_SEC)
    assert process.returncode == EXIT_NOT_CONFIGURED
    assert 'cannot be configured' in output
    assert told in output
    assert 'Traceback' not in output


@pytest.mark.parametrize('parameter', ['n_ctx:=-1', 'n_ctx:=many', 'temperature:=9.5'])
def test_a_parameter_out_of_range_ends_the_process_with_a_reason(ros_domain, parameter):
    process = start(ros_domain, parameter)
    output, _ = process.communicate(timeout=LIMIT_SEC)
    assert process.returncode == EXIT_BAD_PARAMETER
    assert parameter.partition(':=')[0] in output
    assert 'Traceback' not in output


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(ros_domain, number):
    process = start(ros_domain, 'autostart:=false')
    with TaskClient() as client:
        wait_for(lambda: client.agent_state(1.0) == 'unconfigured', LIMIT_SEC)
    process.send_signal(number)
    output, _ = process.communicate(timeout=LIMIT_SEC)
    assert process.returncode == 0, output
    assert 'Traceback' not in output
