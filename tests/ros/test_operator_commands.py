"""`nemotron-agent confirm`, `resources`, and `send` where something waits for a confirmation."""

import io
import os
import pty
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

from action_msgs.msg import GoalStatus
from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import ActionRequest

from nemotron_agent.cli.confirm import as_answer
from nemotron_agent.cli.main import main
from nemotron_agent.testing.listed_model import calls
from nemotron_agent.testing.mock_action_server import Behavior
from nemotron_agent.testing.ros_domain import wait_for

from .agent_under_test import SOON, AgentUnderTest, manifest_with

pytestmark = pytest.mark.ros

GO, THERE = calls('go_to', place='kitchen'), calls('answer', text='I am there.')


@pytest.fixture
def make_agent(ros_domain, tmp_path):
    def make(*replies, **options):
        return AgentUnderTest(ros_domain, tmp_path, replies, **options).start()

    return make


@pytest.fixture
def waiting(make_agent):
    """An agent whose task waits for a confirmation; its goal and its request."""
    agent = make_agent(GO, THERE, manifest=manifest_with(confirm='always'))
    requests = agent.requests()
    goal = agent.send()
    wait_for(lambda: [r for r in requests if r.state == ActionRequest.CONFIRM], SOON)
    return agent, goal, requests[0]


def test_a_request_is_approved_by_the_beginning_of_its_id(waiting, capsys):
    agent, goal, request = waiting
    assert main(['confirm', request.request_id[:8], '--yes', '--operator', 'alice']) == 0
    assert capsys.readouterr().out == f'{request.text}\nconfirmed\n'
    status, result = goal.end()
    assert status == GoalStatus.STATUS_SUCCEEDED
    assert result.tool_calls[0].verdict_reason == 'alice confirmed it'
    assert len(agent.robot.goals) == 1


def test_a_request_is_denied(waiting, capsys):
    agent, goal, request = waiting
    assert main(['confirm', request.request_id, '--deny', '--operator', 'alice']) == 0
    assert 'alice denied it' in goal.end()[1].tool_calls[0].result
    assert agent.robot.goals == []


def test_all_that_waits_is_shown_and_asked_for(waiting, capsys, monkeypatch):
    _, goal, request = waiting
    monkeypatch.setattr(sys, 'stdin', io.StringIO('\n'))
    assert main(['confirm']) == 1
    shown = capsys.readouterr().out
    assert request.text in shown
    assert 'it goes on waiting' in shown
    monkeypatch.setattr(sys, 'stdin', io.StringIO('y\n'))
    assert main(['confirm']) == 0
    assert goal.end()[0] == GoalStatus.STATUS_SUCCEEDED


def test_an_id_that_does_not_wait(waiting, capsys):
    _, goal, request = waiting
    assert main(['confirm', 'zzz', '--yes']) == 2
    told = capsys.readouterr().err
    assert f'no request with the id zzz wait; waiting are: {request.request_id[:8]}' in told
    goal.cancel()
    goal.end()


def test_nothing_waits(make_agent, capsys):
    make_agent()
    assert main(['confirm']) == 1
    assert capsys.readouterr().out == 'nothing waits for a confirmation\n'


def test_yes_needs_an_id(capsys):
    assert main(['confirm', '--yes']) == 2
    assert '--yes and --deny need the id of a request' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('typed', 'meant'),
    [('y\n', True), (' Yes ', True), ('n', False), ('NO\n', False), ('\n', None), ('', None)],
)
def test_what_was_typed(typed, meant):
    assert as_answer(typed) is meant


@pytest.mark.parametrize(('typed', 'status'), [(b'y\n', 0), (b'n\n', 1)])
def test_send_asks_in_place(make_agent, ros_domain, typed, status):
    end = THERE if status == 0 else calls('decline', reason='The operator said no.')
    make_agent(GO, end, manifest=manifest_with(confirm='always'))
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.cli.main', 'send', 'go to the kitchen'],
        env=ros_domain.environment,
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
    )
    os.close(its_end)
    shown = b''
    while b'Enter leaves it waiting: ' not in shown:
        shown += os.read(terminal, 4096)
    assert b'go_to with place kitchen' in shown
    os.write(terminal, typed)
    assert process.wait(timeout=SOON) == status
    os.close(terminal)


def test_send_without_a_terminal_says_how_to_answer(make_agent, ros_domain):
    agent = make_agent(GO, THERE, manifest=manifest_with(confirm='always'))
    requests = agent.requests()
    process = subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.cli.main', 'send', 'go to the kitchen'],
        env=ros_domain.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: [r for r in requests if r.state == ActionRequest.CONFIRM], SOON)
    wait_for(lambda: 'answer with' in process.stdout.readline(), SOON)
    assert main(['confirm', requests[0].request_id, '--yes']) == 0
    assert process.wait(timeout=SOON) == 0
    process.stdout.close()


def test_resources_are_shown_and_released(make_agent, capsys):
    agent = make_agent(GO, THERE, GO, THERE, cancel_wait_sec=0.3)
    assert main(['resources']) == 0
    assert capsys.readouterr().out == 'nothing is in use\n'
    agent.robot.behavior = Behavior.IGNORE_CANCEL
    result = agent.send(timeout_sec=1.0).end()[1]
    assert result.error_code == ExecuteTask.Result.TIMED_OUT
    assert main(['resources']) == 0
    shown = capsys.readouterr().out
    assert shown.startswith('base: locked for ')
    assert 'it may still be moving' in shown
    assert main(['resources', '--release', 'arm']) == 2
    assert 'the resource "arm" is not locked; locked are: base' in capsys.readouterr().err
    assert main(['resources', '--release', 'base']) == 0
    assert capsys.readouterr().out == 'base is free\n'
    agent.robot.behavior = Behavior.SUCCEED
    assert agent.send().end()[0] == GoalStatus.STATUS_SUCCEEDED
    agent.robot.release()


def test_no_agent(ros_domain, capsys):
    assert main(['confirm', '--namespace', '/nowhere']) == 2
    assert 'no agent answers at /nowhere/nemotron_agent' in capsys.readouterr().err
