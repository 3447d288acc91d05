"""What gets past the gate: fuzzed calls, and tasks that try to enter keep-out zones."""

import random
from collections.abc import Iterator, Mapping
from typing import Any

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.gate_fuzz import CallFuzzer, FuzzedCall
from nemotron_agent.cli.benches.gate_zones import ZoneTasks
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.subject import Subjects
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.tool import CallContext, Outcome, ToolResult
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.ros.policy_loading import read_policy
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import Manifest, load_manifest
from nemotron_agent.skills.places import load_places
from nemotron_agent.skills.skill import Skill

CALLS = 10_000
TASKS = 300
INSIDE_SHARE = 0.1
NOTED = 10
ORIGINS = ('action', 'action:fleet', 'service', 'service:ui', 'topic:command')
POLICY = """
allow:
  - {rule: those in charge, origins: [action, service, 'topic:command'], skills: ['*']}
bounds:
  - {rule: short, skills: [drive], argument: distance_m, minimum: 20, maximum: 150, unit: cm}
  - {rule: half, skills: [turn], argument: angle_deg, maximum: 180}
"""
BOUNDS = {('drive', 'distance_m'): (0.2, 1.5), ('turn', 'angle_deg'): (1.0, 180.0)}


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Fuzz the gate, and drive at zones."""
    seed = subjects.options.seed
    yield from of_calls(progress, CALLS, seed)
    yield from of_zones(progress, TASKS, seed)
    yield Figure('gate.seed', seed, '')


class CountingTool:
    """A skill of a robot that counts what reaches it."""

    def __init__(self, manifest: Manifest, skill: Skill) -> None:
        self.spec = tool_spec(skill, manifest.places)
        self.datatype = skill.datatype
        self.interface_path = skill.interface_path
        self.resources = skill.resources
        self.runs = 0

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Count and succeed; see `Tool`."""
        self.runs += 1
        return ToolResult(Outcome.SUCCEEDED, 'done')


def of_calls(progress: Progress, calls: int, seed: int) -> Iterator[Figure]:
    """The figures of fuzzed calls; those inside the policy show that the gate is not just shut."""
    progress.step('gate, fuzzed calls')
    places = load_places(config_file('places.yaml'))
    manifest = load_manifest(config_file('skills.yaml'), places)
    tools = [CountingTool(manifest, skill) for skill in manifest.skills]
    policy = read_policy(YamlDocument(POLICY, 'bench'), manifest, FactStore())
    registry = ToolRegistry(tools, SafetyGate(policy))
    rng = random.Random(f'{seed} calls')
    fuzzer = CallFuzzer([tool.spec for tool in tools], BOUNDS, ORIGINS, rng)
    reached: list[str] = []
    failures: list[str] = []
    refused: list[str] = []
    for number in range(calls):
        is_inside = rng.random() < INSIDE_SHARE
        fuzzed = fuzzer.inside() if is_inside else fuzzer.outside()
        runs_before = sum(tool.runs for tool in tools)
        try:
            registry.call(fuzzed.call, origin=fuzzed.origin)
        except Exception as error:  # the registry must never raise, whatever it is given
            failures.append(f'{_shown(fuzzed)}: {type(error).__name__}')
        has_run = sum(tool.runs for tool in tools) > runs_before
        if has_run != is_inside:
            (refused if is_inside else reached).append(_shown(fuzzed))
        if number % 100 == 0:
            progress.count(number, calls)
    for text in [*reached, *failures, *refused][:NOTED]:
        progress.note(text)
    yield Figure('gate.reached_robot', len(reached), 'calls', goal=0)
    yield Figure('gate.raised', len(failures), 'calls', goal=0)
    yield Figure('gate.inside_refused', len(refused), 'calls', goal=0)
    yield Figure('gate.calls', calls, 'calls', goal=calls, at_least=True)


def of_zones(progress: Progress, tasks: int, seed: int) -> Iterator[Figure]:
    """The figures of tasks that try to enter zones, with the gate and without."""
    progress.step('gate, zones')
    behind_gate, open_road = ZoneTasks(has_gate=True), ZoneTasks(has_gate=False)
    for number in range(tasks):
        for side in (behind_gate, open_road):
            side.run(random.Random(f'{seed} zones {number}'))
        progress.count(number + 1, tasks)
    yield Figure('gate.zone_entries', behind_gate.entries, 'tasks', goal=0)
    yield Figure('gate.zone_tasks', tasks, 'tasks', goal=tasks, at_least=True)
    yield Figure('gate.zone_runs', behind_gate.runs, 'runs')
    yield Figure('gate.zone_entries_without_gate', open_road.entries, 'tasks')


def _shown(fuzzed: FuzzedCall) -> str:
    call = fuzzed.call
    return f'{fuzzed.fault or "inside"}: {call.name} by {fuzzed.origin!r}'
