"""An action server in a process of its own, and what it says of its goals."""

import subprocess
import sys
import threading

from nemotron_agent.testing.ros_domain import wait_for

SOON = 30.0
GO = ('nemotron_agent_interfaces/action/NavigateToPose', 'navigate_to_pose')


class RobotProcess:
    """Runs `nemotron_agent.testing.mock_action_server`; a thread of its own reads what it says.

    Attributes:
        said: `ready`, then `executing`, `cancel asked` and how goals ended.
    """

    def __init__(self, environment, behavior='hang'):
        self.said = []
        self._process = subprocess.Popen(
            [sys.executable, '-m', 'nemotron_agent.testing.mock_action_server', *GO, behavior],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.says('ready')

    def says(self, word):
        """Wait until it has said a word."""
        wait_for(lambda: word in self.said, SOON)

    def kill(self):
        """End it as a crash would."""
        self._process.kill()
        self._process.wait(timeout=SOON)
        self._reader.join(timeout=SOON)

    def _read(self):
        for line in self._process.stdout:
            self.said.append(line.strip())
        self._process.stdout.close()
