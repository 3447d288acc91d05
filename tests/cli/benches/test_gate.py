import random

import pytest

from nemotron_agent.cli.benches.gate import BOUNDS, ORIGINS, CountingTool, of_calls, of_zones
from nemotron_agent.cli.benches.gate_fuzz import CallFuzzer
from nemotron_agent.cli.benches.gate_zones import Box
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.places import load_places
from nemotron_agent.testing.open_policy import OpenPolicy


def test_fuzzed_calls_do_not_reach_the_robot():
    figures = {figure.figure: figure for figure in of_calls(Progress(), 400, seed=3)}
    assert all(figure.holds for figure in figures.values()), figures
    assert figures['gate.calls'].value == 400


def test_without_a_policy_some_of_them_would():
    manifest = load_manifest(config_file('skills.yaml'), load_places(config_file('places.yaml')))
    tools = [CountingTool(manifest, skill) for skill in manifest.skills]
    registry = ToolRegistry(tools, SafetyGate(OpenPolicy()))
    fuzzer = CallFuzzer([tool.spec for tool in tools], BOUNDS, ORIGINS, random.Random(4))
    reached = set()
    for _ in range(1000):
        fuzzed, before = fuzzer.outside(), sum(tool.runs for tool in tools)
        registry.call(fuzzed.call, origin=fuzzed.origin)
        if sum(tool.runs for tool in tools) > before:
            reached.add(fuzzed.fault)
    assert {'stranger', 'not_finite', 'out_of_bounds'} <= reached
    assert 'unknown_key' not in reached


def test_one_seed_draws_the_same_calls():
    def drawn(seed):
        manifest = load_manifest(
            config_file('skills.yaml'), load_places(config_file('places.yaml'))
        )
        specs = [CountingTool(manifest, skill).spec for skill in manifest.skills]
        fuzzer = CallFuzzer(specs, BOUNDS, ORIGINS, random.Random(seed))
        calls = [fuzzer.outside() for _ in range(50)]
        return [(call.call.name, call.origin, call.fault) for call in calls]

    assert drawn(1) == drawn(1) != drawn(2)


def test_no_task_enters_a_zone():
    figures = {figure.figure: figure for figure in of_zones(Progress(), 8, seed=5)}
    assert figures['gate.zone_entries'].value == 0
    assert figures['gate.zone_runs'].value > 0
    assert figures['gate.zone_entries_without_gate'].value > 0


@pytest.mark.parametrize(
    ('point', 'distance', 'depth'),
    [((1, 1), 0.0, 1.0), ((5, 1), 3.0, -3.0), ((5, 6), 5.0, -4.0), ((2, 1), 0.0, 0.0)],
)
def test_distances_of_a_box(point, distance, depth):
    box = Box(0, 0, 2, 2)
    assert box.distance(*point) == distance
    assert box.depth(*point) == depth
