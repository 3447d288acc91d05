"""The demo as a user runs it: real processes, real ROS, real models."""

import subprocess
import sys

import pytest

COMMANDS = (
    'Go to the kitchen.',
    'Grasp the red cup.',
    'Turn left by 90 degrees.',
    'Go to the workshop.',
)


def demo(*arguments, timeout=900):
    return subprocess.run(
        [sys.executable, '-m', 'nemotron_agent.cli.main', 'demo', *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def check_report(done):
    assert 'Traceback' not in done.stdout + done.stderr
    for command in COMMANDS:
        assert f'> {command}' in done.stdout
    assert 'What was asked and what the robot did' in done.stdout


@pytest.mark.acceptance
@pytest.mark.timeout(900)
def test_a_real_model_drives_the_robot(qwen_path, tmp_path):
    done = demo('--model', 'qwen2.5-coder-1.5b', '--speed-up', '10', '--log-dir', str(tmp_path))
    check_report(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'Traceback' not in (tmp_path / 'agent.log').read_text()
    assert 'Traceback' not in (tmp_path / 'robot.log').read_text()


@pytest.mark.timeout(600)
def test_a_small_model_may_fail_its_commands_but_never_crashes(smollm2_path, tmp_path):
    done = demo('--model', 'smollm2-135m', '--speed-up', '20', '--log-dir', str(tmp_path))
    check_report(done)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    assert 'Traceback' not in (tmp_path / 'agent.log').read_text()


def test_an_agent_that_cannot_start_is_an_error_with_its_log(tmp_path):
    bad = tmp_path / 'bad.gguf'
    bad.write_bytes(b'GGUF' + bytes(100))
    done = demo('--model', str(bad), '--log-dir', str(tmp_path), timeout=120)
    assert done.returncode == 2
    assert 'the agent ended with status 1' in done.stderr
    assert 'bad.gguf' in done.stderr
    assert 'Traceback' not in done.stdout + done.stderr
