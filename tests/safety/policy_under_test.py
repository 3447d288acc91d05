"""A policy for a small robot, and calls to ask it about."""

import textwrap

from nemotron_agent.core.gate import CallRequest
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.ros.policy_loading import skill_traits
from nemotron_agent.safety.plane import Pose
from nemotron_agent.safety.policy import Policy
from nemotron_agent.skills.manifest import read_manifest
from nemotron_agent.skills.places import Places

ALLOW_ALL = """
allow:
  - {rule: all, skills: ['*'], origins: ['*']}
"""
PLACES = Places.model_validate(
    {
        'places': {
            'dock': {'x': 0, 'y': 0},
            'kitchen': {'x': 4, 'y': 0},
            'elsewhere': {'x': 0, 'y': 0, 'frame_id': 'other_map'},
        }
    }
)
SKILLS = """
skills:
  - id: drive
    description: Drive ahead.
    interface: action
    datatype: pkg/action/Drive
    functional_domains: [navigation]
    resources: [base]
    parameters:
      in:
        - {name: distance, type: float, required: true, unit: m}
        - {name: speed, type: float, unit: m/s, default: 0.2}
        - {name: steps, type: integer}
    request:
      target.x: {argument: distance}
      speed: {argument: speed}
      steps: {argument: steps}
    motion: {ahead: target.x}
  - id: go_to
    description: Go to a place.
    interface: action
    datatype: pkg/action/Go
    functional_domains: [navigation]
    resources: [base]
    parameters: {in: [{name: place, type: string, required: true, enum: places}]}
    request: {pose: {place: place}}
  - id: go_to_point
    description: Go to a point.
    interface: action
    datatype: pkg/action/Go
    resources: [base]
    parameters:
      in:
        - {name: x, type: float, required: true, unit: m}
        - {name: y, type: float, unit: m}
        - {name: frame, type: string, default: map}
    request:
      pose.x: {argument: x}
      pose.y: {argument: y}
      pose.frame: {argument: frame}
    motion: {x: pose.x, y: pose.y, frame: pose.frame, way: planned}
  - id: turn
    description: Turn.
    interface: action
    datatype: pkg/action/Turn
    resources: [base]
    parameters: {in: [{name: angle, type: float, required: true, unit: deg}]}
    limits: {angle: {minimum: -180, maximum: 180, outside: clamp}}
    motion: {in_place: true}
  - id: grasp
    description: Grasp.
    interface: service
    datatype: pkg/srv/Grasp
    functional_domains: [manipulation]
    parameters: {in: [{name: force, type: float, default: 5.0}]}
    limits: {force: {maximum: 10}}
  - id: say
    description: Say something.
    interface: topic
    datatype: pkg/msg/Text
    parameters: {in: [{name: text, type: string, required: true}]}
    confirm: always
"""


def traits(skills=SKILLS, places=PLACES):
    manifest = read_manifest(YamlDocument(skills, 'skills.yaml'), places)
    return {skill.id: skill_traits(skill, places, skill.inputs) for skill in manifest.skills}


def make_policy(rules='', allow=ALLOW_ALL, facts=None, skills=SKILLS, places=PLACES):
    """Read a policy that allows all calls, with more rules."""
    document = YamlDocument(textwrap.dedent(allow) + textwrap.dedent(rules), 'policy.yaml')
    poses = {
        name: Pose(places.frame_of(place), place.x, place.y)
        for name, place in places.places.items()
    }
    return Policy.read(document, traits(skills, places), poses, facts or FactStore())


def request(skill, origin='action', **arguments):
    return CallRequest('1', ToolCall('1', skill, arguments), origin)


def decide(policy, skill, origin='action', **arguments):
    """Give verdict, rule and reason of a call."""
    decision = policy.decide(request(skill, origin, **arguments))
    return decision.verdict, decision.rule, decision.reason
