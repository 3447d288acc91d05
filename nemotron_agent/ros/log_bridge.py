"""Takes what the package logs through `logging` to the node's ROS log."""

import logging
from typing import Any

from nemotron_agent.core.json_text import encodable


class RosLogHandler(logging.Handler):
    """Hands records to an rclpy logger. rclpy ties a severity to a line: one line for each."""

    def __init__(self, ros_logger: Any) -> None:
        super().__init__()
        self._ros_logger = ros_logger

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record; what cannot be logged is told on stderr, and stops nobody's work."""
        try:
            self._log(record.levelno, encodable(self.format(record)))
        except Exception:
            self.handleError(record)

    def _log(self, level: int, text: str) -> None:
        if level >= logging.ERROR:
            self._ros_logger.error(text)
        elif level >= logging.WARNING:
            self._ros_logger.warning(text)
        elif level >= logging.INFO:
            self._ros_logger.info(text)
        else:
            self._ros_logger.debug(text)


def bridge_logging(ros_logger: Any) -> None:
    """Send the records of this package to `ros_logger`, and nowhere else."""
    package_logger = logging.getLogger('nemotron_agent')
    package_logger.handlers = [RosLogHandler(ros_logger)]
    package_logger.setLevel(logging.DEBUG)
    package_logger.propagate = False
