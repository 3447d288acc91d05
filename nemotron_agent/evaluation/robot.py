"""The robot that a suite is written for: its skills, places, world and prompt."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.system_prompt import read_system_prompt
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import Manifest, load_manifest
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import load_places
from nemotron_agent.skills.skill import Skill

InputsOf = Callable[[Manifest, Skill], Sequence[Parameter]]
"""Gives the arguments of a skill."""


@dataclasses.dataclass(frozen=True)
class Robot:
    """What a conversation is held with.

    Attributes:
        specs: its skills, as the model sees them.
        manifest: where they come from; None for tools that are no skills.
        places_file, world_file: for the simulated robot; None where there is none.
    """

    name: str
    specs: tuple[ToolSpec, ...]
    system_prompt: str
    manifest: Manifest | None = None
    places_file: Path | None = None
    world_file: Path | None = None

    @functools.cached_property
    def digest(self) -> str:
        """Changes with all that a run with this robot depends on."""
        parts = [
            self.system_prompt,
            *(
                json.dumps([s.name, s.description, s.parameters, s.aliases], default=list)
                for s in self.specs
            ),
            repr(self.manifest and (self.manifest.skills, self.manifest.places)),
            *(file.read_text(encoding='utf-8') for file in [self.world_file] if file),
        ]
        return hashlib.sha256('\0'.join(parts).encode()).hexdigest()[:16]

    def spec(self, name: str) -> ToolSpec | None:
        """A skill by name."""
        return next((spec for spec in self.specs if spec.name == name), None)


@dataclasses.dataclass(frozen=True)
class RobotFiles:
    """Files given on the command line; they replace those of every suite file's robot."""

    skills: Path | None = None
    places: Path | None = None
    system_prompt: Path | None = None


def declared_inputs(manifest: Manifest, skill: Skill) -> Sequence[Parameter]:
    """Give the arguments that a manifest declares.

    Raises:
        DocumentError: they are only in the ROS type.
    """
    if skill.needs_type_for_schema:
        raise manifest.error(
            skill,
            ('datatype',),
            'its arguments are those of the ROS type, which a dry run does not load',
            'declare them in "parameters", or run without --dry',
        )
    return skill.inputs


def load_robot(
    folder: Path | None, files: RobotFiles, inputs_of: InputsOf = declared_inputs
) -> Robot:
    """Read a robot's folder; a file that it lacks is the shipped one.

    What lies beside skills given by file goes before the folder's. The world may lie beside the
    places; without one the robot cannot be simulated.

    Raises:
        ConfigurationError: a file cannot be used.
    """
    if folder is not None and not folder.is_dir():
        raise ConfigurationError(f'the robot {folder} is no folder: correct "robot"')
    folders = [f for f in (files.skills and files.skills.parent, folder) if f is not None]
    skills_file = files.skills or _first('skills.yaml', folders)
    places_file = files.places or _first('places.yaml', folders)
    prompt_file = files.system_prompt or _first('system_prompt.txt', folders)
    worlds = [each / 'world.yaml' for each in (*folders, places_file.parent)]
    places = load_places(places_file)
    manifest = load_manifest(skills_file, places)
    specs = tuple(
        tool_spec(skill, places, tuple(inputs_of(manifest, skill))) for skill in manifest.skills
    )
    return Robot(
        name=folder.name if folder and files.skills is None else skills_file.stem,
        specs=specs,
        system_prompt=read_system_prompt(prompt_file),
        manifest=manifest,
        places_file=places_file,
        world_file=next((file for file in worlds if file.is_file()), None),
    )


def _first(name: str, folders: Sequence[Path]) -> Path:
    """Find a file in the first folder that has it; the shipped one if none has."""
    own = (folder / name for folder in folders)
    return next((file for file in own if file.is_file()), None) or config_file(name)
