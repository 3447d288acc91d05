"""What must hold between the parts of a skill, beyond the form of each."""

import re
from collections.abc import Iterator

from nemotron_agent.core.problems import Problem, near_miss, shown
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import Places
from nemotron_agent.skills.request_source import ArgumentSource, PlaceSource
from nemotron_agent.skills.result_text import template_problem
from nemotron_agent.skills.skill import Skill

FIELD_PATH = re.compile(r'^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$')
NUMBER_TYPES = ('integer', 'float')


def problems_in(skill: Skill, places: Places) -> Iterator[Problem]:
    """Find all that is wrong with a skill; keys begin at the skill."""
    yield from _dispatch(skill)
    yield from _keys_of_other_interfaces(skill)
    yield from _parameters(skill, places)
    if skill.request is not None and not skill.reads:
        yield from _request(skill)
    yield from _limits(skill)
    yield from _motion(skill)
    for name in ('success', 'failure'):
        template = getattr(skill.result, name)
        if template is not None and (problem := template_problem(template)):
            yield Problem(('result', name), problem, 'correct the template')


def _dispatch(skill: Skill) -> Iterator[Problem]:
    if skill.dispatch == 'direct':
        return
    if skill.reads:
        message = 'a skill that reads a topic needs nobody else'
        yield Problem(('dispatch',), message, 'use direct')
    if 'success_when' in skill.result.model_fields_set:
        message = 'whoever carries it out says whether it succeeded'
        yield Problem(('result', 'success_when'), message, 'remove it')


def _keys_of_other_interfaces(skill: Skill) -> Iterator[Problem]:
    given = skill.model_fields_set
    if skill.interface != 'topic':
        for key in ('access', 'max_age_sec', 'latched'):
            if key in given:
                yield Problem((key,), 'only a topic has this key', 'remove it')
        return
    if skill.reads:
        for key in ('parameters', 'request', 'limits'):
            if key in given:
                yield Problem((key,), 'a skill that reads a topic sends nothing', 'remove it')
    elif 'max_age_sec' in given:
        yield Problem(('max_age_sec',), 'only a skill that reads has it', 'remove it')
    for key in ('success_when', 'failure'):
        if key in skill.result.model_fields_set:
            yield Problem(('result', key), 'a topic has no result to judge', 'remove it')


def _parameters(skill: Skill, places: Places) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, parameter in enumerate(skill.inputs):
        if parameter.argument in seen:
            yield Problem(
                ('parameters', 'in', index, 'name'),
                f'two arguments are called {shown(parameter.argument)}',
                'rename one',
            )
        seen.add(parameter.argument)
        if not parameter.takes_place:
            continue
        if not places.names:
            yield Problem(
                ('parameters', 'in', index, 'enum'),
                'there are no places',
                'add some to the places',
            )
        elif parameter.default is not None and parameter.default not in places.names:
            yield Problem(
                ('parameters', 'in', index, 'default'),
                f'{shown(parameter.default)} is no place',
                near_miss(str(parameter.default), places.names),
            )


def _request(skill: Skill) -> Iterator[Problem]:
    inputs = {parameter.argument: parameter for parameter in skill.inputs}
    used: set[str] = set()
    for path, source in (skill.request or {}).items():
        keys = ('request', path)
        if not FIELD_PATH.match(path):
            yield Problem(keys, f'{shown(path)} is no path of a field', 'write such as pose.x')
        if not isinstance(source, ArgumentSource | PlaceSource):
            continue
        used.update(source.arguments)
        unknown = [name for name in source.arguments if name not in inputs]
        if unknown and skill.parameters is not None:
            yield Problem(
                keys, f'there is no argument {shown(unknown[0])}', near_miss(unknown[0], inputs)
            )
        if unknown:
            continue
        if isinstance(source, PlaceSource):
            if not inputs[source.place].takes_place:
                yield Problem(
                    keys,
                    f'the argument {shown(source.place)} does not name a place',
                    'give it "enum: places"',
                )
        else:
            yield from _calculation(keys, source, inputs)
    for index, parameter in enumerate(skill.inputs):
        if parameter.argument not in used:
            yield Problem(
                ('parameters', 'in', index),
                f'the argument {shown(parameter.argument)} fills nothing',
                'use it in "request" or remove it',
            )


def _calculation(
    keys: tuple[str, str], source: ArgumentSource, inputs: dict[str, Parameter]
) -> Iterator[Problem]:
    parameter = inputs[source.argument]
    if parameter.takes_place and not source.changes_value:
        return
    if source.changes_value and parameter.type not in NUMBER_TYPES:
        yield Problem(
            keys,
            f'scale, offset and factor_by calculate, and {shown(source.argument)} is a '
            f'{parameter.type}',
            'remove them',
        )
    if source.factor_by is None:
        return
    chooser = inputs[source.factor_by.argument]
    choices: tuple[object, ...] = (
        (False, True) if chooser.type == 'boolean' else chooser.enum or ()  # type: ignore[assignment]
    )
    where = (*keys, 'factor_by')
    if not choices or chooser.takes_place:
        yield Problem(
            where,
            f'the argument {shown(chooser.argument)} has no list of values',
            'give it an enum',
        )
        return
    if not chooser.required and chooser.default is None:
        yield Problem(
            where,
            f'the argument {shown(chooser.argument)} may be left out',
            'make it required or give it a default',
        )
    factors = source.factor_by.values
    for value in factors:
        if value not in choices:
            yield Problem(
                (*where, 'values', str(value)),
                f'{shown(value)} is no value of {shown(chooser.argument)}',
                near_miss(str(value), map(str, choices)),
            )
    for choice in choices:
        if choice not in factors:
            yield Problem((*where, 'values'), f'no factor for {shown(choice)}', 'add it')


def _limits(skill: Skill) -> Iterator[Problem]:
    if skill.parameters is None:
        return
    inputs = {parameter.argument: parameter for parameter in skill.inputs}
    for name, limit in skill.limits.items():
        keys = ('limits', name)
        parameter = inputs.get(name)
        if parameter is None:
            yield Problem(keys, f'there is no argument {shown(name)}', near_miss(name, inputs))
        elif parameter.type not in NUMBER_TYPES:
            yield Problem(keys, f'{shown(name)} is a {parameter.type}', 'limit numbers only')
        if limit.minimum is None and limit.maximum is None:
            yield Problem(keys, 'it has no bound', 'give it a minimum or maximum')
        elif None not in (limit.minimum, limit.maximum) and limit.minimum > limit.maximum:  # type: ignore[operator]
            yield Problem(keys, 'the minimum is over the maximum', 'exchange them')


def _motion(skill: Skill) -> Iterator[Problem]:
    motion = skill.motion
    is_said = motion is None or motion.in_place or any(motion.fields)
    if not is_said and not any(parameter.takes_place for parameter in skill.inputs):
        message = 'it does not say where the robot goes'
        yield Problem(('motion',), message, 'give a goal, a way, or in_place: true')
    if motion is None or (skill.request is None and skill.parameters is None):
        return
    filled = skill.request or {parameter.name for parameter in skill.inputs}
    for key, path in motion.fields:
        if path not in filled:
            yield Problem(('motion', key), f'{shown(path)} is not filled', near_miss(path, filled))
