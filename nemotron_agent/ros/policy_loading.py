"""Applies a policy to the skills of a manifest: what `safety` asks of `skills`, in its words."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nemotron_agent.core.fact import Facts
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.safety.plane import Pose
from nemotron_agent.safety.policy import Policy
from nemotron_agent.safety.policy_file import Precondition
from nemotron_agent.safety.skill_traits import Limit, Motion, SkillTraits
from nemotron_agent.skills.manifest import Manifest
from nemotron_agent.skills.motion_rules import MotionRules
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import Places
from nemotron_agent.skills.request_template import FramedPlace, RequestTemplate
from nemotron_agent.skills.skill import Skill
from nemotron_agent.skills.skill_checks import NUMBER_TYPES

Inputs = Mapping[str, Sequence[Parameter]]
"""The arguments of each skill, where they are not those of the manifest."""


def load_policy(
    path: Path, manifest: Manifest, facts: Facts, inputs: Inputs | None = None
) -> Policy:
    """Read a policy file and check it against a robot's skills and places.

    Raises:
        DocumentError: with the file, line and key of all that is wrong.
    """
    return read_policy(YamlDocument.load(path), manifest, facts, inputs)


def read_policy(
    document: YamlDocument, manifest: Manifest, facts: Facts, inputs: Inputs | None = None
) -> Policy:
    """Read a policy from YAML; see `load_policy`."""
    places = manifest.places
    skills = {
        skill.id: skill_traits(skill, places, (inputs or {}).get(skill.id, skill.inputs))
        for skill in manifest.skills
    }
    poses = {name: _pose(places, name) for name in places.names}
    return Policy.read(document, skills, poses, facts)


def skill_traits(skill: Skill, places: Places, inputs: Sequence[Parameter]) -> SkillTraits:
    """Tell the gate what it needs to know of a skill."""
    template = RequestTemplate(skill, places, inputs)

    def fill(arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return {path: _plain(value) for path, value in template.fill(arguments).items()}

    def named_places(arguments: Mapping[str, Any]) -> list[Pose]:
        complete = template.with_defaults(arguments)
        named = [p.argument for p in inputs if p.takes_place and p.argument in complete]
        return [_pose(places, complete[argument]) for argument in named]

    return SkillTraits(
        name=skill.id,
        complete=template.with_defaults,
        fill=fill,
        places=named_places,
        domains=skill.functional_domains,
        resources=skill.resources,
        units={p.argument: p.unit for p in inputs if p.type in NUMBER_TYPES},
        fields=template.fields,
        limits={
            name: Limit(limit.minimum, limit.maximum, limit.outside == 'clamp')
            for name, limit in skill.limits.items()
        },
        must_confirm=skill.confirm == 'always',
        enabled_when=tuple(
            Precondition(
                rule=f'enabled_when of {skill.id}', skills=(skill.id,), **condition.model_dump()
            )
            for condition in skill.enabled_when
        ),
        motion=_motion(skill.motion, any(p.takes_place for p in inputs)),
    )


def _motion(rules: MotionRules | None, takes_place: bool) -> Motion | None:
    if rules is None:
        return Motion(to_place=True) if takes_place else None
    fields = dict(rules.fields)
    to_place = not fields and not rules.in_place
    return Motion(**fields, to_place=to_place, is_planned=rules.way == 'planned')


def _pose(places: Places, name: str) -> Pose:
    place = places.places[name]
    return Pose(places.frame_of(place), place.x, place.y, place.yaw)


def _plain(value: Any) -> Any:
    if isinstance(value, FramedPlace):
        return Pose(value.frame_id, value.place.x, value.place.y, value.place.yaw)
    return value
