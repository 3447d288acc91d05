import contextlib
import os
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.testing.ros_domain import ros_domain, wait_for

__all__ = ['ros_domain']

START_SEC = 120.0
END_SEC = 30.0


class Processes:
    """Agents and robots as processes of their own in one ROS domain."""

    def __init__(self, domain, folder):
        self._domain = domain
        self._folder = folder
        self._running = {}

    def start_agent(self, namespace='', **parameters):
        """Start an agent and wait until it is active."""
        log = self._start('nemotron_agent.ros.main', namespace, parameters)
        with TaskClient(namespace) as client:

            def is_active():
                ended = [path.read_text() for p, path in self._running.items() if p.poll()]
                assert not ended, ended
                return client.agent_state(1.0) == 'active'

            wait_for(is_active, START_SEC)
        return log

    def start_robot(self, namespace='', **parameters):
        """Start a simulated robot."""
        return self._start('nemotron_agent.sim.main', namespace, parameters)

    def stop(self):
        """End all; return what they logged."""
        for process in self._running:
            process.terminate()
        for process in self._running:
            try:
                process.wait(END_SEC)
            except subprocess.TimeoutExpired:
                process.kill()
        return [path.read_text() for path in self._running.values()]

    def _start(self, module, namespace, parameters):
        path = self._folder / f'{module}.{namespace.strip("/")}.log'
        words = [word for item in parameters.items() for word in ('-p', '{}:={}'.format(*item))]
        remap = ['-r', f'__ns:={namespace}'] if namespace else []
        with path.open('wb') as log:
            process = subprocess.Popen(
                [sys.executable, '-m', module, '--ros-args', *remap, *words],
                env={**os.environ, **self._domain.environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._running[process] = path
        return path


@pytest.fixture
def processes(ros_domain, tmp_path):  # noqa: F811
    with contextlib.ExitStack() as stack:
        started = Processes(ros_domain, tmp_path)
        stack.callback(started.stop)
        yield started
