import pytest

pytest.importorskip('rclpy')

from nemotron_agent.cli.benches import crash
from nemotron_agent.cli.benches.crash_client import Command, CrashClient
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.testing.ros_domain import ros_domain

__all__ = ['ros_domain']


def test_a_node_that_is_killed_loses_no_turn_that_was_seen(tmp_path, progress):
    figures = {figure.figure: figure for figure in crash.of_kills(tmp_path, progress, 3, seed=5)}
    assert figures['crash.kills'].value == 3
    assert figures['crash.corrupt'].value == 0
    assert figures['crash.lost_finished_turns'].value == 0
    assert figures['crash.finished_turns'].value > 4
    assert figures['crash.seed'].value == 5


def test_a_round_that_fails_is_an_error(tmp_path, progress):
    with pytest.raises(
        EvaluationError, match=r'round 5\.0 has failed with status 1: [^$]*No such'
    ):
        list(crash.of_kills(tmp_path / 'none', progress, 1, seed=5))


@pytest.mark.parametrize('by_topic', [True, False])
def test_a_node_that_does_not_answer_is_an_error(ros_domain, by_topic):
    client = CrashClient(ros_domain, 'Done.', patience_sec=0.2)
    assert not client.is_ready
    with pytest.raises(EvaluationError, match='the node has not answered in 0.2 s'):
        client.give(Command('go', 'default', by_topic), lambda: False)
    assert not client.give(Command('go', 'default', by_topic), lambda: True)
