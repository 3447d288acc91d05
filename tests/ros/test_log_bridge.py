import logging

import pytest

from nemotron_agent.ros.log_bridge import RosLogHandler


class StrictLogger:
    """Takes only what an rclpy logger does."""

    def __init__(self):
        self.texts = []

    def warning(self, text):
        text.encode()
        self.texts.append(text)


@pytest.fixture
def ros_logger():
    return StrictLogger()


@pytest.fixture
def logger(ros_logger):
    logger = logging.Logger('a test')
    logger.addHandler(RosLogHandler(ros_logger))
    return logger


def test_any_text_can_be_logged(logger, ros_logger):
    logger.warning('it said %s', 'a\udcff\0')
    assert ros_logger.texts == ['it said a?\ufffd']


def test_what_cannot_be_logged_is_told_and_holds_up_nobody(logger, ros_logger, capsys):
    logger.warning('%d', 'no number')
    assert ros_logger.texts == []
    assert '--- Logging error ---' in capsys.readouterr().err
