"""`nemotron-agent tools`: print what the model may call."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import Manifest, load_manifest
from nemotron_agent.skills.places import load_places


def add_parser(subparsers: Any) -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        'tools',
        help='print the tools the model may call',
        description='Print the tools the model may call: the skills of a manifest and the '
        'built-in ones, with the JSON Schema (2020-12) of their arguments.',
    )
    parser.add_argument('--json', action='store_true', help='print a JSON list')
    parser.add_argument('--skills', type=Path, metavar='FILE', help='skill manifest (YAML)')
    parser.add_argument('--places', type=Path, metavar='FILE', help='named places (YAML)')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the tools; 1 if the manifest cannot be used."""
    try:
        places = load_places(args.places or config_file('places.yaml'))
        specs = all_specs(load_manifest(args.skills or config_file('skills.yaml'), places))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    if args.json:
        print(json.dumps([_as_data(spec) for spec in specs], indent=2, ensure_ascii=False))
    else:
        print('\n\n'.join(_as_text(spec) for spec in specs))
    return 0


def all_specs(manifest: Manifest) -> list[ToolSpec]:
    """List the skills' tools and then the built-in ones.

    Raises:
        DocumentError: a skill leaves its arguments to a ROS type that is not at hand.
    """
    if any(skill.needs_type_for_schema for skill in manifest.skills):
        # Only here, so that a full manifest can be shown where there is no ROS.
        from nemotron_agent.ros.interface_schema import complete_inputs

        specs = [
            tool_spec(s, manifest.places, complete_inputs(manifest, s)) for s in manifest.skills
        ]
    else:
        specs = [tool_spec(skill, manifest.places) for skill in manifest.skills]
    return [*specs, *(tool.spec for tool in builtin_tools(ReplyProtocol.CALL_ONLY))]


def _as_data(spec: ToolSpec) -> dict[str, Any]:
    return {
        'name': spec.name,
        'description': spec.description,
        'parameters': dict(spec.parameters),
        'builtin': spec.builtin,
    }


def _as_text(spec: ToolSpec) -> str:
    properties: dict[str, dict[str, Any]] = spec.parameters['properties']
    required: Sequence[str] = spec.parameters.get('required', ())
    head = f'{spec.name}{" (built in)" if spec.builtin else ""}: {spec.description}'
    lines = [_argument_line(name, schema, name in required) for name, schema in properties.items()]
    return '\n'.join([head, *lines])


def _argument_line(name: str, schema: dict[str, Any], required: bool) -> str:
    facts = [str(schema['type'])]
    if 'enum' in schema:
        facts = ['one of ' + ', '.join(map(str, schema['enum']))]
    for key, word in (('minimum', 'from'), ('maximum', 'to'), ('maxLength', 'at most')):
        if key in schema:
            facts.append(f'{word} {schema[key]}')
    if 'default' in schema:
        facts.append(f'default {json.dumps(schema["default"], ensure_ascii=False)}')
    if not required:
        facts.append('optional')
    return f'    {name}: {schema["description"]} ({", ".join(facts)})'
