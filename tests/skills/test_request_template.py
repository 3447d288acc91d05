import math

import pytest

from nemotron_agent.skills.places import Places
from nemotron_agent.skills.request_template import FramedPlace, RequestTemplate
from nemotron_agent.skills.skill import Skill

PLACES = Places.model_validate({'places': {'dock': {'x': 1, 'y': 2, 'yaw': 3}}})
DIRECTION = {'name': 'direction', 'type': 'string', 'enum': ['left', 'right'], 'default': 'left'}
ANGLE = {'name': 'angle', 'type': 'float', 'required': True}


def template(inputs, request=None):
    skill = Skill.model_validate(
        {
            'id': 'test',
            'description': 'Test.',
            'interface': 'action',
            'datatype': 'pkg/action/Test',
            'parameters': {'in': inputs},
            **({} if request is None else {'request': request}),
        }
    )
    return RequestTemplate(skill, PLACES)


def test_arguments_fill_the_fields_of_their_names():
    inputs = [ANGLE, {'name': 'meta.priority', 'type': 'integer'}]
    assert template(inputs).fill({'angle': 1.5, 'meta_priority': 3}) == {
        'angle': 1.5,
        'meta.priority': 3,
    }


def test_constants_stay():
    assert template([], {'a.b': 0.08, 'c': 'x', 'd': [1, 2]}).fill({}) == {
        'a.b': 0.08,
        'c': 'x',
        'd': (1, 2),
    }


@pytest.mark.parametrize(('direction', 'sign'), [('left', 1), ('right', -1)])
def test_numbers_are_calculated(direction, sign):
    source = {
        'argument': 'angle',
        'scale': math.pi / 180,
        'offset': 0.5,
        'factor_by': {'argument': 'direction', 'values': {'left': 1.0, 'right': -1.0}},
    }
    filled = template([ANGLE, DIRECTION], {'yaw': source}).fill(
        {'angle': 90, 'direction': direction}
    )
    assert filled == {'yaw': pytest.approx(sign * math.pi / 2 + 0.5)}


def test_a_boolean_may_choose_the_factor():
    source = {'argument': 'angle', 'factor_by': {'argument': 'b', 'values': {True: 2, False: 3}}}
    inputs = [ANGLE, {'name': 'b', 'type': 'boolean', 'required': True}]
    assert template(inputs, {'yaw': source}).fill({'angle': 10, 'b': False}) == {'yaw': 30}


def test_defaults_stand_in_for_what_is_left_out():
    made = template([ANGLE, DIRECTION])
    assert made.fill({'angle': 1}) == {'angle': 1, 'direction': 'left'}
    assert made.with_defaults({'angle': 1, 'direction': 'right'})['direction'] == 'right'


def test_what_has_no_default_leaves_its_field_alone():
    assert template([{'name': 'a', 'type': 'float'}]).fill({}) == {}


def test_a_place_is_looked_up():
    place = {'name': 'to', 'type': 'string', 'enum': 'places'}
    filled = template([place], {'pose': {'place': 'to'}}).fill({'to': 'dock'})
    assert filled == {'pose': FramedPlace(PLACES.places['dock'], 'map')}


def test_an_exact_integer_stays_one():
    inputs = [{'name': 'n', 'type': 'integer'}]
    assert template(inputs, {'n': {'argument': 'n', 'scale': 2}}).fill({'n': 2**53 + 1}) == {
        'n': 2**54 + 2
    }
