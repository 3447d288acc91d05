"""What must hold between a policy's rules, the robot's skills and its places."""

from collections.abc import Iterator, Mapping

from nemotron_agent.core.origin import ROADS, ROADS_WITH_NAMES
from nemotron_agent.core.problems import Problem, near_miss, shown
from nemotron_agent.core.units import factor, kind_of
from nemotron_agent.core.yaml_document import KeyPath
from nemotron_agent.safety.plane import Pose
from nemotron_agent.safety.policy_file import (
    Bound,
    Confirmation,
    PolicyFile,
    Precondition,
    Rule,
    Zones,
)
from nemotron_agent.safety.rule_scope import DOMAIN, covers_skill
from nemotron_agent.safety.skill_traits import SkillTraits
from nemotron_agent.safety.zone_map import ZoneMap

# Of the draft REP "ROS Skill Definitions"; a manifest may have others.
DOMAINS = ('communication', 'interaction', 'management', 'manipulation', 'navigation')

Skills = Mapping[str, SkillTraits]


def problems_in(file: PolicyFile, skills: Skills, places: Mapping[str, Pose]) -> Iterator[Problem]:
    """Find all that is wrong with a policy for a robot."""
    yield from _names(file)
    yield from _trust(file)
    for keys, rule in file.rules():
        yield from _skills(keys, rule, skills)
        yield from _origins(keys, rule)
        if isinstance(rule, Bound):
            yield from _bound(keys, rule, skills)
        elif isinstance(rule, Confirmation) and rule.argument is not None:
            yield from _argument(keys, rule, rule.argument, rule.unit, skills)
        elif isinstance(rule, Precondition):
            yield from _fact((*keys, 'fact'), rule.fact, file)
    yield from _resources(file, skills)
    yield from _enabled_when(file, skills)
    if file.zones is not None:
        yield from _fact(('zones', 'localisation', 'fact'), file.zones.localisation.fact, file)
        yield from _motions(file.zones, skills)
        yield from _places(file.zones, places)


def _resources(file: PolicyFile, skills: Skills) -> Iterator[Problem]:
    used = {resource for skill in skills.values() for resource in skill.resources}
    for name in file.resources.named:
        if name not in used:
            message = f'no skill uses the resource {shown(name)}'
            yield Problem(('resources', 'named', name), message, near_miss(name, sorted(used)))


def _enabled_when(file: PolicyFile, skills: Skills) -> Iterator[Problem]:
    for skill in skills.values():
        for condition in skill.enabled_when:
            if condition.fact not in file.facts:
                yield Problem(
                    ('facts',),
                    f'the skill {shown(skill.name)} is enabled by the fact '
                    f'{shown(condition.fact)}, and there is no such fact',
                    near_miss(condition.fact, file.facts) if file.facts else 'say its topic here',
                )


def _names(file: PolicyFile) -> Iterator[Problem]:
    seen: set[str] = set()
    for keys, rule in file.rules():
        if rule.rule in seen:
            yield Problem(
                (*keys, 'rule'), f'two rules are called {shown(rule.rule)}', 'rename one'
            )
        seen.add(rule.rule)


def _trust(file: PolicyFile) -> Iterator[Problem]:
    for index, permission in enumerate(file.allow):
        for number, pattern in enumerate(permission.origins):
            road, colon, _ = pattern.partition(':')
            if colon and road in ROADS_WITH_NAMES and road not in file.trusted_names_on:
                yield Problem(
                    ('allow', index, 'origins', number),
                    f'{shown(pattern)} allows by a name that anybody can give themselves',
                    f'allow {shown(road)}, or put it into trusted_names_on',
                )


def _skills(keys: KeyPath, rule: Rule, skills: Skills) -> Iterator[Problem]:
    domains = {*DOMAINS, *(domain for skill in skills.values() for domain in skill.domains)}
    for index, pattern in enumerate(rule.skills):
        where = (*keys, 'skills', index)
        if pattern.startswith(DOMAIN):
            domain = pattern.removeprefix(DOMAIN)
            if domain not in domains:
                yield Problem(
                    where, f'no skill is of {shown(pattern)}', near_miss(domain, sorted(domains))
                )
        elif not _is_wild(pattern) and pattern not in skills:
            yield Problem(where, f'there is no skill {shown(pattern)}', near_miss(pattern, skills))


def _origins(keys: KeyPath, rule: Rule) -> Iterator[Problem]:
    for index, pattern in enumerate(rule.origins):
        road, colon, _ = pattern.partition(':')
        has_name = colon and road in (*ROADS_WITH_NAMES, 'topic')
        if not _is_wild(pattern) and pattern not in ROADS and not has_name:
            yield Problem(
                (*keys, 'origins', index),
                f'{shown(pattern)} is no origin',
                near_miss(pattern, (*ROADS, 'action:name', 'service:name')),
            )


def _bound(keys: KeyPath, rule: Bound, skills: Skills) -> Iterator[Problem]:
    if rule.argument is not None:
        yield from _argument(keys, rule, rule.argument, rule.unit, skills)
        return
    for skill in _covered(rule, skills):
        if rule.field not in skill.fields:
            yield Problem(
                (*keys, 'field'),
                f'the skill {shown(skill.name)} does not fill {shown(rule.field)}',
                'fill it in the request of the skill, or name other skills',
            )


def _argument(
    keys: KeyPath, rule: Rule, argument: str, unit: str, skills: Skills
) -> Iterator[Problem]:
    covered = _covered(rule, skills)
    having = [skill for skill in covered if argument in skill.units]
    if not having:
        numbers = sorted({name for skill in covered for name in skill.units})
        yield Problem(
            (*keys, 'argument'),
            f'none of the skills has a number {shown(argument)}',
            near_miss(argument, numbers),
        )
    for skill in having:
        own = skill.units[argument]
        if unit and factor(unit, own) is None:
            yield Problem(
                (*keys, 'unit'),
                f'{shown(unit)} does not convert to {shown(own)}, the unit of {skill.name}',
                f'use one of: {", ".join(kind_of(own) or [own or "none"])}',
            )


def _fact(keys: KeyPath, name: str, file: PolicyFile) -> Iterator[Problem]:
    if name not in file.facts:
        yield Problem(keys, f'there is no fact {shown(name)}', near_miss(name, file.facts))


def _motions(zones: Zones, skills: Skills) -> Iterator[Problem]:
    for skill in skills.values():
        moving = [name for name in skill.resources if name in zones.moving_resources]
        if moving and skill.motion is None:
            yield Problem(
                ('zones',),
                f'the skill {shown(skill.name)} uses the {moving[0]}, and nothing says where it '
                'moves the robot',
                'give it "motion" in the manifest',
            )


def _places(zones: Zones, places: Mapping[str, Pose]) -> Iterator[Problem]:
    zone_map = ZoneMap(zones)
    for name, pose in places.items():
        found = zone_map.obstacle(pose.point, pose.point) if pose.frame == zones.frame else None
        if found is not None:
            yield Problem(
                found.keys,
                f'the place {shown(name)} at ({pose.x:g}, {pose.y:g}) is {found.text}',
                f'move the place, the zone, or lower margin_m ({zones.margin_m:g})',
            )


def _covered(rule: Rule, skills: Skills) -> list[SkillTraits]:
    return [skill for skill in skills.values() if covers_skill(rule, skill)]


def _is_wild(pattern: str) -> bool:
    return any(character in pattern for character in '*?[')
