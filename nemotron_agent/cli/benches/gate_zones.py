"""Tasks of the simulated robot that try to take it into keep-out zones, or out of its fence."""

import dataclasses
import math
import random
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.tool import CallContext, Outcome, ToolResult
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.ros.policy_loading import read_policy
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.sim.kinematics import Pose
from nemotron_agent.sim.motion import DriveOnHeading, Motion, Navigate, Spin
from nemotron_agent.sim.simulation import Simulation
from nemotron_agent.sim.world import load_world
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import Manifest, read_manifest
from nemotron_agent.skills.places import load_places
from nemotron_agent.skills.request_template import FramedPlace, RequestTemplate
from nemotron_agent.skills.skill import Skill
from nemotron_agent.testing.open_policy import OpenPolicy

CALLS_A_TASK = 6
MARGIN = 0.35  # the robot's radius and 10 cm
STALE_SHARE = 0.05
STALE_SEC = 5.0
STEP_LIMIT = 20_000


@dataclasses.dataclass(frozen=True)
class Box:
    """A rectangle along the axes [m]."""

    min_x: float
    min_y: float
    max_x: float
    max_y: float

    def distance(self, x: float, y: float) -> float:
        """Distance of a point from it; 0 inside."""
        aside = max(self.min_x - x, 0.0, x - self.max_x)
        along = max(self.min_y - y, 0.0, y - self.max_y)
        return math.hypot(aside, along)

    def depth(self, x: float, y: float) -> float:
        """How far inside a point is; negative outside."""
        return min(x - self.min_x, self.max_x - x, y - self.min_y, self.max_y - y)


# Zones are unions of rectangles, so that entries are seen by other means than the gate's polygons.
FENCE = Box(-5.5, -4.5, 5.8, 4.5)
BOXES = (Box(-4, 1, -2, 3), Box(1.2, -1.2, 1.8, 1), Box(1.8, 0.4, 3, 1), Box(3, -4, 3.2, -2.5))
POLICY = """
allow: [{rule: all, origins: ['*'], skills: ['*']}]
facts: {pose: {topic: odom, type: nav_msgs/msg/Odometry, field: pose.pose}}
zones:
  frame: map
  margin_m: 0.35
  localisation: {fact: pose, max_age_sec: 2}
  geofence: [[-5.5, -4.5], [5.8, -4.5], [5.8, 4.5], [-5.5, 4.5]]
  keep_out:
    stairs: [[-4, 1], [-2, 1], [-2, 3], [-4, 3]]
    corner: [[1.2, -1.2], [1.8, -1.2], [1.8, 0.4], [3, 0.4], [3, 1], [1.2, 1]]
    shelf: [[3, -4], [3.2, -4], [3.2, -2.5], [3, -2.5]]
"""
SKILLS = """
skills:
  - id: navigate_to
    description: Drive to a place.
    interface: action
    datatype: nemotron_agent_interfaces/action/NavigateToPose
    resources: [base]
    parameters: {in: [{name: place, type: string, required: true, enum: places}]}
    request: {pose: {place: place}}
  - id: go_to_point
    description: Drive to a point.
    interface: action
    datatype: nemotron_agent_interfaces/action/NavigateToPose
    resources: [base]
    parameters:
      in:
        - {name: x, type: float, required: true}
        - {name: y, type: float, required: true}
    request:
      pose.header.frame_id: map
      pose.pose.position.x: {argument: x}
      pose.pose.position.y: {argument: y}
    motion: {frame: pose.header.frame_id, x: pose.pose.position.x, y: pose.pose.position.y}
  - id: drive
    description: Drive ahead, or back.
    interface: action
    datatype: nemotron_agent_interfaces/action/DriveOnHeading
    resources: [base]
    parameters: {in: [{name: distance, type: float, required: true}]}
    request: {target.x: {argument: distance}}
    motion: {ahead: target.x}
  - id: turn
    description: Turn.
    interface: action
    datatype: nemotron_agent_interfaces/action/Spin
    resources: [base]
    parameters: {in: [{name: angle, type: float, required: true}]}
    request: {target_yaw: {argument: angle}}
    motion: {in_place: true}
"""


class ZoneTasks:
    """Runs tasks on a simulated robot, behind a gate or without one.

    Attributes:
        entries: tasks in which the robot's body came into a zone or out of the fence.
        runs: calls that moved it.
    """

    def __init__(self, has_gate: bool) -> None:
        self.entries = 0
        self.runs = 0
        places_file = config_file('places.yaml')
        world = load_world(config_file('world.yaml'), places_file)
        manifest = read_manifest(YamlDocument(SKILLS, 'bench'), load_places(places_file))
        self._simulation = Simulation(world)
        self._radius = world.body.radius
        self._places = manifest.places.names
        self._facts = FactStore()
        self._has_entered = False
        policy = read_policy(YamlDocument(POLICY, 'bench'), manifest, self._facts)
        gate = SafetyGate(policy if has_gate else OpenPolicy())
        tools = [SimulatedTool(manifest, skill, self._drive) for skill in manifest.skills]
        self._registry = ToolRegistry(tools, gate)

    def run(self, rng: random.Random) -> None:
        """Begin anywhere that is free, and aim at zones."""
        self._simulation.reset()
        self._simulation.base.pose = self._free_pose(rng)
        self._has_entered = False
        for _ in range(CALLS_A_TASK):
            is_stale = rng.random() < STALE_SHARE
            self._localise(STALE_SEC if is_stale else 0.0)
            name, arguments = self._aimed(rng)
            call = ToolCall(uuid.uuid4().hex, name, arguments)
            self._registry.call(call, origin='action')
        self.entries += self._has_entered

    def _aimed(self, rng: random.Random) -> tuple[str, dict[str, Any]]:
        """A call that is likely to lead into a zone, or past one by a hair."""
        pose, box = self._simulation.base.pose, rng.choice(BOXES)
        x = rng.uniform(box.min_x - 0.6, box.max_x + 0.6)
        y = rng.uniform(box.min_y - 0.6, box.max_y + 0.6)
        kind = rng.randrange(6)
        if kind == 0:
            return 'go_to_point', {'x': x, 'y': y}
        if kind == 1:  # a point as far behind the zone
            return 'go_to_point', {'x': 2 * x - pose.x, 'y': 2 * y - pose.y}
        if kind == 2:
            return 'navigate_to', {'place': rng.choice(self._places)}
        if kind == 3:
            return 'turn', {'angle': pose.bearing_to(x, y)}
        if kind == 4:
            return 'drive', {'distance': pose.distance_to(x, y) * rng.uniform(0.5, 2.0)}
        return 'drive', {'distance': rng.uniform(-8.0, 8.0)}

    def _drive(self, motion: Motion) -> None:
        """Carry out a movement and see where it leads."""
        self.runs += 1
        simulation = self._simulation
        simulation.base.start(motion)
        for _ in range(STEP_LIMIT):
            if motion.end is not None:
                break
            simulation.step()
            pose = simulation.base.pose
            self._has_entered |= not self._is_free(pose, self._radius)

    def _localise(self, age_sec: float) -> None:
        pose = self._simulation.base.pose
        value = {'x': pose.x, 'y': pose.y, 'theta': pose.yaw}
        self._facts.put('pose', value, age_sec=age_sec, frame='map')

    def _free_pose(self, rng: random.Random) -> Pose:
        while True:
            x, y = rng.uniform(FENCE.min_x, FENCE.max_x), rng.uniform(FENCE.min_y, FENCE.max_y)
            pose = Pose(x, y, rng.uniform(-math.pi, math.pi))
            if self._is_free(pose, MARGIN):
                return pose

    @staticmethod
    def _is_free(pose: Pose, margin: float) -> bool:
        is_inside = FENCE.depth(pose.x, pose.y) > margin
        return is_inside and all(box.distance(pose.x, pose.y) > margin for box in BOXES)


class SimulatedTool:
    """A skill of the simulated robot."""

    def __init__(self, manifest: Manifest, skill: Skill, drive: Callable[[Motion], None]) -> None:
        self.spec = tool_spec(skill, manifest.places)
        self.datatype = skill.datatype
        self.interface_path = skill.interface_path
        self.resources = skill.resources
        self._template = RequestTemplate(skill, manifest.places)
        self._drive = drive

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Move the robot; see `Tool`."""
        self._drive(_motion(self._template.fill(arguments)))
        return ToolResult(Outcome.SUCCEEDED, 'done')


def _motion(fields: Mapping[str, Any]) -> Motion:
    if 'target.x' in fields:
        return DriveOnHeading(fields['target.x'])
    if 'target_yaw' in fields:
        return Spin(fields['target_yaw'])
    framed = fields.get('pose')
    if isinstance(framed, FramedPlace):
        return Navigate(Pose(framed.place.x, framed.place.y, framed.place.yaw))
    return Navigate(Pose(fields['pose.pose.position.x'], fields['pose.pose.position.y']))
