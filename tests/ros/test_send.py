"""`nemotron-agent send` and the agent it talks to."""

import io
import json
import signal
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

from nemotron_agent_interfaces.action import ExecuteTask

from nemotron_agent.cli.main import main
from nemotron_agent.ros.task_client import AgentUnreachableError, TaskClient
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.mock_action_server import Behavior

from .agent_under_test import SOON, AgentUnderTest

GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies):
        return AgentUnderTest(ros_domain, tmp_path, replies).start()

    return make


def test_a_command_is_followed_to_its_answer(make_agent, capsys):
    make_agent(GO, THERE)
    assert main(['send', 'go to the kitchen', '--conversation', 'c']) == 0
    shown = capsys.readouterr().out
    assert '> go to the kitchen' in shown
    assert 'call     go_to {"place": "kitchen"}' in shown
    assert 'I am there.' in shown


def test_json_is_all_that_is_printed(make_agent, capsys):
    make_agent(GO, THERE)
    assert main(['send', 'go to the kitchen', '--json']) == 0
    result = json.loads(capsys.readouterr().out)
    assert result['answer'] == 'I am there.'
    assert result['tool_calls'][0]['tool'] == 'go_to'


def test_a_command_can_come_from_standard_input(make_agent, monkeypatch):
    agent = make_agent(THERE)
    monkeypatch.setattr(sys, 'stdin', io.StringIO('from a pipe\n'))
    assert main(['send', '-']) == 0
    assert agent.model.requests[0].messages[-1].content == 'from a pipe'


def test_a_command_that_was_not_carried_out_is_status_1(make_agent, capsys):
    make_agent(calls('decline', reason='I cannot fly.'))
    assert main(['send', 'fly']) == 1
    assert 'I cannot fly.' in capsys.readouterr().out


def test_bytes_that_are_no_text_are_refused(ros_domain, capsys):
    assert main(['send', 'go \udcff']) == 2
    assert 'the command is not UTF-8' in capsys.readouterr().err


def test_no_agent(ros_domain):
    with (
        TaskClient('/nowhere') as client,
        pytest.raises(AgentUnreachableError, match='no agent answers at /nowhere/nemotron_agent'),
    ):
        client.send(ExecuteTask.Goal(task='go'), lambda feedback: None, wait_sec=0.2)


def test_an_interrupt_cancels_the_command_and_its_skill(make_agent, ros_domain):
    agent = make_agent(GO, THERE)
    agent.robot.behavior = Behavior.HANG
    process = subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.cli.main', 'send', 'go to the kitchen'],
        env=ros_domain.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert agent.robot.executing.wait(SOON)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=SOON)
    assert process.returncode == 1, output
    assert 'the task was canceled' in output
    assert agent.robot.endings == ['canceled']
    assert 'Traceback' not in output
