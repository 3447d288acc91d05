"""`nemotron-agent policy`: check a policy, and ask it about a call."""

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jsonschema

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.gate import CallRequest, Decision, Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.problems import near_miss
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.ros.policy_loading import load_policy
from nemotron_agent.safety.policy import Policy
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import Manifest, load_manifest
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import load_places

EPILOG = """\
examples:
  nemotron-agent policy check my_policy.yaml
  nemotron-agent policy explain navigate_to '{"place": "kitchen"}' --origin topic:speech
  nemotron-agent policy explain drive '{"direction": "forward", "distance_m": 2}' \\
      --origin action --policy my_policy.yaml --fact battery=0.4 --at=1,-2,90

Facts that are not given are unknown, and a rule that needs one denies then.
Exit status: 0 it can be used, the call may run; 1 it cannot, it may not; 2 a wrong command.
"""
WORDS = {
    Verdict.ALLOW: 'allowed',
    Verdict.CLAMP: 'allowed with other arguments',
    Verdict.CONFIRM: 'waits for an operator',
    Verdict.DENY: 'denied',
}


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        'policy',
        help='check a policy, and ask it about a call',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    actions = parser.add_subparsers(metavar='check | explain', required=True)
    files = argparse.ArgumentParser(add_help=False)
    files.add_argument('--skills', type=Path, metavar='FILE', help='skill manifest (YAML)')
    files.add_argument('--places', type=Path, metavar='FILE', help='named places (YAML)')
    check = actions.add_parser(
        'check', parents=[files], help='compare a policy with the skills and places of a robot'
    )
    check.add_argument('policy', type=Path, nargs='?', metavar='FILE', help='policy (YAML)')
    check.set_defaults(run=run_check)
    explain = actions.add_parser(
        'explain', parents=[files], help='say what becomes of a call, by which rule, and why'
    )
    explain.add_argument('skill', help='id of the skill')
    explain.add_argument(
        'arguments', nargs='?', default='{}', help='JSON object (%(default)s)', type=_json_object
    )
    explain.add_argument('--origin', required=True, help='who asks, such as action, topic:speech')
    explain.add_argument('--policy', type=Path, metavar='FILE', help='policy (YAML)')
    explain.add_argument(
        '--fact', action='append', default=[], type=_fact, metavar='NAME=VALUE', help='what is so'
    )
    explain.add_argument(
        '--at', type=_pose, metavar='X,Y,YAW', help='where the robot is [m, m, deg]'
    )
    explain.set_defaults(run=run_explain)


def run_check(args: argparse.Namespace) -> int:
    """Check a policy; 1 if it cannot be used."""
    path = args.policy or config_file('policy.yaml')
    try:
        manifest, inputs = _robot(args)
        policy = load_policy(path, manifest, FactStore(), inputs)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    rules = policy.file.rules()
    print(f'{path}: {len(rules)} rules can be used')
    for keys, rule in rules:
        print(f'  {keys[0]}: {rule.rule}')
    return 0


def run_explain(args: argparse.Namespace) -> int:
    """Ask a policy about a call; 1 if it may not run."""
    facts = FactStore()
    for name, value in args.fact:
        facts.put(name, value)
    try:
        manifest, inputs = _robot(args)
        policy = load_policy(args.policy or config_file('policy.yaml'), manifest, facts, inputs)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    skill = next((each for each in manifest.skills if each.id == args.skill), None)
    if skill is None:
        names = [each.id for each in manifest.skills]
        print(f'there is no skill "{args.skill}": {near_miss(args.skill, names)}', file=sys.stderr)
        return 1
    schema = tool_spec(skill, manifest.places, inputs[skill.id]).parameters
    for problem in jsonschema.Draft202012Validator(schema).iter_errors(args.arguments):
        print(f'{args.skill} does not take these arguments: {problem.message}', file=sys.stderr)
        return 1
    zones = policy.file.zones
    if args.at is not None and zones is not None:
        facts.put(zones.localisation.fact, args.at, frame=zones.frame)
    call = ToolCall('', args.skill, args.arguments)
    decision = policy.decide(CallRequest('', call, args.origin))
    _tell(decision, policy)
    return 0 if decision.verdict in (Verdict.ALLOW, Verdict.CLAMP) else 1


def _tell(decision: Decision, policy: Policy) -> None:
    where = next(
        (f'{keys[0]}: ' for keys, rule in policy.file.rules() if rule.rule == decision.rule), ''
    )
    print(f'{WORDS[decision.verdict]} by the rule "{where}{decision.rule}"')
    if decision.reason:
        print(decision.reason)
    if decision.verdict is not Verdict.DENY:
        print(f'arguments: {json.dumps(dict(decision.arguments), ensure_ascii=False)}')


def _robot(args: argparse.Namespace) -> tuple[Manifest, Mapping[str, Sequence[Parameter]]]:
    """Read the manifest, and the arguments of its skills."""
    places = load_places(args.places or config_file('places.yaml'))
    manifest = load_manifest(args.skills or config_file('skills.yaml'), places)
    if any(skill.needs_type_for_schema for skill in manifest.skills):
        # Only here, so that a full manifest can be used where there is no ROS.
        from nemotron_agent.ros.interface_schema import complete_inputs

        inputs = {skill.id: tuple(complete_inputs(manifest, skill)) for skill in manifest.skills}
    else:
        inputs = {skill.id: skill.inputs for skill in manifest.skills}
    return manifest, inputs


def _json_object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'{text!r} is no JSON: {error}') from error
    if not isinstance(value, dict):
        raise argparse.ArgumentTypeError(
            f'{text!r} is no JSON object, such as {{"place": "dock"}}'
        )
    return value


def _fact(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition('=')
    if not name or not equals:
        raise argparse.ArgumentTypeError(f'{text!r} is no NAME=VALUE, such as battery=0.4')
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _pose(text: str) -> dict[str, float]:
    try:
        x, y, yaw_deg = map(float, text.split(','))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f'{text!r} is no X,Y,YAW, such as 1.0,2.0,90') from error
    return {'x': x, 'y': y, 'theta': math.radians(yaw_deg)}
