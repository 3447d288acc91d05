"""What must hold between a conversation and the robot it is held with."""

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema

from nemotron_agent.core.problems import Problem, near_miss, shown
from nemotron_agent.core.yaml_document import KeyPath
from nemotron_agent.evaluation.case import TAGS, Case, Denial, ExpectedCall, Turn
from nemotron_agent.evaluation.matchers import Anything, Contains
from nemotron_agent.evaluation.robot import Robot
from nemotron_agent.sim.world import World, load_world

NUMBERS = ('number', 'integer')


def problems_in(case: Case, robot: Robot) -> Iterator[Problem]:
    """Find all that is wrong with a conversation; keys begin at it."""
    names = [spec.name for spec in robot.specs]
    yield from _unknown(('tags',), case.tags, TAGS, 'tag')
    for name in case.results:
        yield from _unknown_one(('results', name), name, names, 'skill')
    for index, denial in enumerate(case.deny):
        keys: KeyPath = ('deny', index)
        yield from _unknown_one((*keys, 'tool'), denial.tool, names, 'skill')
        yield from _arguments((*keys, 'arguments'), denial, robot)
    for index, turn in enumerate(case.turns):
        for problem in _problems_of_turn(turn, robot, names):
            yield Problem(('turns', index, *problem.keys), problem.message, problem.remedy)
    if robot.world_file is not None and robot.places_file is not None:
        world = _world(robot.world_file, robot.places_file)
        yield from _problems_of_world(case, world)


def _problems_of_turn(turn: Turn, robot: Robot, names: list[str]) -> Iterator[Problem]:
    yield from _unknown(('tags',), turn.tags or (), TAGS, 'tag')
    yield from _unknown(('never',), turn.never, names, 'skill')
    for index, call in enumerate(turn.calls):
        yield from _problems_of_call(('calls', index), call, robot, names)
    for index, calls in enumerate(turn.or_calls):
        for step, call in enumerate(calls):
            yield from _problems_of_call(('or_calls', index, step), call, robot, names)
    if turn.interrupt and not turn.calls:
        yield Problem(('interrupt',), 'no skill is expected to run', 'add the call to "calls"')


def _problems_of_call(
    keys: KeyPath, call: ExpectedCall, robot: Robot, names: list[str]
) -> Iterator[Problem]:
    yield from _unknown_one(keys, call.tool, names, 'skill')
    spec = robot.spec(call.tool)
    if spec is None:
        return
    yield from _arguments((*keys, call.tool), call, robot)
    for name in spec.parameters.get('required', ()):
        if name not in call.arguments:
            yield Problem(
                (*keys, call.tool),
                f'the argument {shown(name)} is required and not expected',
                f'add {name}, or {name}: {{any: true}}',
            )


def _arguments(keys: KeyPath, call: ExpectedCall | Denial, robot: Robot) -> Iterator[Problem]:
    spec = robot.spec(call.tool)
    if spec is None:
        return
    properties: Mapping[str, Any] = spec.parameters.get('properties', {})
    for name, matcher in call.arguments.items():
        where = (*keys, name)
        if name not in properties:
            problem = f'{call.tool} has no argument {shown(name)}'
            yield Problem(where, problem, near_miss(name, properties))
        elif isinstance(matcher, Contains):
            if properties[name].get('type', 'string') != 'string':
                kind = properties[name]['type']
                yield Problem(
                    where, f'"contains" is for texts, and this is of type {kind}', 'give a value'
                )
        elif not isinstance(matcher, Anything):
            for value in matcher.plain_values:
                for error in jsonschema.Draft202012Validator(properties[name]).iter_errors(value):
                    yield Problem(
                        where, f'{shown(value)} does not fit: {error.message}', 'correct it'
                    )


def _problems_of_world(case: Case, world: World) -> Iterator[Problem]:
    if case.start.place is not None:
        yield from _unknown_one(('start', 'place'), case.start.place, world.places, 'place')
    if case.start.holding is not None:
        keys: KeyPath = ('start', 'holding')
        yield from _unknown_one(keys, case.start.holding, world.objects, 'object')
        thing = world.objects.get(case.start.holding)
        if thing is not None and not thing.graspable:
            problem = f'{shown(case.start.holding)} cannot be held'
            yield Problem(keys, problem, 'hold what is graspable')
    for index, turn in enumerate(case.turns):
        expected = turn.state.expected if turn.state else {}
        for name, known in (('place', world.places), ('holding', world.objects)):
            if name in expected and not isinstance(expected[name], Contains):
                keys = ('turns', index, 'state', name)
                for value in expected[name].plain_values:
                    if value is not None:
                        yield from _unknown_one(keys, value, known, _SINGULAR[name])


_SINGULAR = {'place': 'place', 'holding': 'object'}


@functools.lru_cache(maxsize=8)
def _world(world_file: Path, places_file: Path) -> World:
    return load_world(world_file, places_file)


def _unknown(keys: KeyPath, words: Any, known: Any, kind: str) -> Iterator[Problem]:
    for index, word in enumerate(words):
        yield from _unknown_one((*keys, index), word, known, kind)


def _unknown_one(keys: KeyPath, word: Any, known: Any, kind: str) -> Iterator[Problem]:
    if word not in known:
        yield Problem(keys, f'there is no {kind} {shown(word)}', near_miss(str(word), known))
