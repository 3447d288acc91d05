"""The robot's loudspeaker: the topics `say` and `said`."""

from typing import Any

from std_msgs.msg import String

from nemotron_agent.sim.qos import LATCHED


class Voice:
    """Says what comes on `say`: into the log, and on `said`, where the last words stay."""

    def __init__(self, node: Any) -> None:
        self._logger = node.get_logger()
        self._said: str | None = None
        self._publisher = node.create_publisher(String, 'said', LATCHED)
        self._subscription = node.create_subscription(String, 'say', self._say, 10)

    @property
    def said(self) -> str | None:
        """The last words; None before the first."""
        return self._said

    def _say(self, message: String) -> None:
        self._said = message.data
        self._logger.info(f'says: {message.data}')
        self._publisher.publish(message)
