import json
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

from std_srvs.srv import Trigger

from nemotron_agent.cli.main import EXIT_ERROR

from .agent_under_test import AgentUnderTest

pytestmark = pytest.mark.ros

HEAVY = ('llama_cpp', 'numpy.random', 'pydantic', 'jsonschema', 'rich')


def run(ros_domain, *args):
    return subprocess.run(
        [sys.executable, '-m', 'nemotron_agent.cli.main', *args],
        env=ros_domain.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_terminal_stops_and_releases(ros_domain, tmp_path):
    AgentUnderTest(ros_domain, tmp_path, [])
    done = run(ros_domain, 'stop')
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith('stopped by the service ~/stop at ')
    done = run(ros_domain, 'release')
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout.startswith('released; it was stopped by the service ~/stop at ')


def test_without_an_agent_it_says_what_to_do(ros_domain):
    done = run(ros_domain, 'stop', '--namespace', '/r9', '--timeout', '0.2')
    assert done.returncode == EXIT_ERROR
    assert 'no agent serves /r9/nemotron_agent/stop' in done.stderr
    assert 'use the emergency stop of the robot' in done.stderr


def test_an_agent_that_does_not_answer(ros_domain):
    node = ros_domain.make_node('deaf')
    ros_domain.stop_spinning()
    node.create_service(Trigger, 'nemotron_agent/stop', lambda request, response: response)
    done = run(ros_domain, 'stop', '--timeout', '8')
    assert done.returncode == EXIT_ERROR
    assert '/nemotron_agent/stop did not answer in 8 s' in done.stderr


def test_it_loads_little():
    program = (
        'import sys, json, nemotron_agent.cli.stop, nemotron_agent.ros.stop_client;'
        f'print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))'
    )
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []
