import jsonschema
import pytest

from nemotron_agent.skills.argument_schema import aliases, argument_schema, tool_spec
from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import Places
from nemotron_agent.skills.skill import Skill

PLACES = Places.model_validate(
    {'places': {'kitchen': {'x': 4, 'y': 1, 'also': ['Küche']}, 'dock': {'x': 0, 'y': 0}}}
)


def schema_of(**facts):
    schema = argument_schema([Parameter.model_validate({'name': 'a', **facts})], PLACES)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema['properties']['a']


def test_the_whole():
    inputs = [
        Parameter(name='a', type='string', required=True),
        Parameter(name='meta.priority', type='integer'),
    ]
    schema = argument_schema(inputs, PLACES)
    assert schema['required'] == ['a']
    assert list(schema['properties']) == ['a', 'meta_priority']
    assert schema['additionalProperties'] is False


@pytest.mark.parametrize(
    ('facts', 'expected'),
    [
        ({'type': 'boolean'}, {'type': 'boolean', 'description': 'a'}),
        (
            {'type': 'float', 'description': 'How far.', 'unit': 'm', 'minimum': 0, 'maximum': 2},
            {
                'type': 'number',
                'description': 'How far [m].',
                'unit': 'm',
                'minimum': 0,
                'maximum': 2,
            },
        ),
        (
            {'type': 'integer', 'default': 3},
            {'type': 'integer', 'description': 'a', 'default': 3},
        ),
        (
            {'type': 'string', 'max_length': 9},
            {'type': 'string', 'description': 'a', 'maxLength': 9},
        ),
        (
            {'type': 'string', 'enum': 'places'},
            {'type': 'string', 'description': 'a', 'enum': ['kitchen', 'dock']},
        ),
        (
            {'type': 'float[]', 'max_length': 3, 'maximum': 1, 'default': (0.5,)},
            {
                'type': 'array',
                'description': 'a',
                'items': {'type': 'number', 'maximum': 1},
                'maxItems': 3,
                'default': [0.5],
            },
        ),
    ],
)
def test_one_argument(facts, expected):
    assert schema_of(**facts) == expected


def test_a_description_on_several_lines_becomes_one():
    skill = Skill.model_validate(
        {
            'id': 'go',
            'description': 'Go\n  there.\n',
            'interface': 'action',
            'datatype': 'pkg/action/Go',
            'parameters': {'in': []},
        }
    )
    assert tool_spec(skill, PLACES).description == 'Go there.'


def test_other_names_of_all_arguments_are_beside_the_schema():
    way = {'type': 'string', 'enum': ['forward', 'dock']}
    inputs = [
        Parameter.model_validate({'name': 'place', 'type': 'string', 'enum': 'places'}),
        Parameter.model_validate({'name': 'way', **way, 'also': {'forward': ['ahead', 'vor']}}),
        Parameter.model_validate({'name': 'then', **way, 'also': {'forward': ['vor', 'avant']}}),
        Parameter.model_validate(
            {'name': 'gear', 'type': 'integer', 'enum': [1, 2], 'also': {2: ['fast'], 1: []}}
        ),
    ]
    assert aliases(inputs, PLACES) == {
        'kitchen': ('Küche',),
        'forward': ('ahead', 'vor', 'avant'),
        '2': ('fast',),
    }
    assert 'also' not in str(argument_schema(inputs, PLACES))


def test_a_tool_has_the_other_names_of_its_arguments():
    skill = Skill.model_validate(
        {
            'id': 'go',
            'description': 'Go.',
            'interface': 'action',
            'datatype': 'pkg/action/Go',
            'parameters': {'in': [{'name': 'place', 'type': 'string', 'enum': 'places'}]},
        }
    )
    assert tool_spec(skill, PLACES).aliases == {'kitchen': ('Küche',)}
    assert tool_spec(skill, PLACES, ()).aliases == {}
