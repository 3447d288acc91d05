"""A process that runs a node ends at a signal, whichever thread the signal meets."""

import signal
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

pytestmark = pytest.mark.ros

SOON = 30.0
WAIT = """
from nemotron_agent.ros.process import begin_process
end = begin_process(None)
print('begun', flush=True)
end.wait()
print('ended')
"""
SIGNAL_MEETS_ANOTHER_THREAD = """
import signal, threading
from pathlib import Path
from nemotron_agent.ros.process import begin_process
end = begin_process(None)
main_thread = Path(f'/proc/self/task/{threading.get_native_id()}/stat')

def meet():
    while main_thread.read_text().rpartition(')')[2].split()[0] != 'S':
        pass
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=meet).start()
end.wait()
print('ended')
"""


@pytest.fixture
def begin(ros_domain):
    processes = []

    def start(code):
        processes.append(
            subprocess.Popen(
                [sys.executable, '-c', code],
                env=ros_domain.environment,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait(timeout=SOON)


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait(begin, number):
    process = begin(WAIT)
    assert process.stdout.readline() == 'begun\n'
    process.send_signal(number)
    assert process.communicate(timeout=SOON)[0] == 'ended\n'
    assert process.returncode == 0


def test_a_signal_that_meets_another_thread_ends_the_wait_too(begin):
    process = begin(SIGNAL_MEETS_ANOTHER_THREAD)
    assert process.communicate(timeout=SOON)[0] == 'ended\n'
    assert process.returncode == 0
