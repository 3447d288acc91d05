import pytest

pytest.importorskip('rclpy')

from nemotron_agent.cli.benches.stop import StopBench
from nemotron_agent.cli.benches.stop_client import MOMENTS


@pytest.mark.slow
def test_a_stop_in_every_moment(tiny, progress, tmp_path):
    bench = StopBench(tiny, tmp_path)
    bench.run(progress, stops=len(MOMENTS), seed=2)
    assert len(bench.latencies_ms) == len(MOMENTS)
    assert bench.counts['goals'] >= len(MOMENTS)
    assert bench.counts['missed'] == 0
    assert bench.counts['published after'] == 0
    figures = {figure.figure: figure for figure in bench.figures()}
    assert figures['stop.latency_p99_ms.hybrid'].value == max(bench.latencies_ms)
    assert figures['stop.end_to_end_p99_ms.hybrid'].value > 0.0
