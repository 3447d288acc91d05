import pytest

pytest.importorskip('rclpy')

from nemotron_agent.cli.benches import crash


def test_a_node_that_is_killed_loses_no_turn_that_was_seen(tmp_path, progress):
    figures = {figure.figure: figure for figure in crash.of_kills(tmp_path, progress, 3, seed=5)}
    assert figures['crash.kills'].value == 3
    assert figures['crash.corrupt'].value == 0
    assert figures['crash.lost_finished_turns'].value == 0
    assert figures['crash.finished_turns'].value > 4
    assert figures['crash.seed'].value == 5
