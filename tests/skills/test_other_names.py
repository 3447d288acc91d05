from pathlib import Path

import pytest

from nemotron_agent.core.doubts.said_values import named_values, names_value
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.other_names import WrongName, wrong_names
from nemotron_agent.skills.places import load_places

CONFIG = Path(__file__).parents[2] / 'config'
ROBOTS = [CONFIG, *(CONFIG / 'evaluation' / 'robots' / name for name in ('rover', 'social'))]
# What says something else than the value it resembles.
OTHERWISE = (
    'Go ahead and wave.',
    'Marche droit.',
    'Sigue todo derecho.',
    'Lift your arm.',
    'Turn counter-clockwise.',
    'Drive back once more.',
    'Reverse that.',
    'Fahr zurück.',
    'Porte la tasse.',
    'Empfange die Gäste.',
    'Pasa entre las sillas.',
    'Wink at the guest.',
    'Ofrece un asiento.',
)


def specs(folder):
    places = load_places(folder / 'places.yaml')
    return [tool_spec(s, places) for s in load_manifest(folder / 'skills.yaml', places).skills]


def lists(folder):
    """Each list of values of a robot, with the other names by value."""
    for spec in specs(folder):
        for schema in spec.parameters['properties'].values():
            if 'enum' in schema:
                yield {value: spec.aliases.get(value, ()) for value in schema['enum']}


def test_names_that_can_be_used():
    assert not list(wrong_names({'a': ('b', 'c d'), 1: ('one',)}, ('a', 'e', 1)))


def test_all_wrong_names_are_found():
    found = wrong_names({'shake_head': ('Shake head', '?'), 2: ('1',)}, ('shake_head', 1, 2))
    assert list(found) == [
        WrongName(
            'shake_head',
            0,
            '"Shake head" is the value "shake_head"',
            'remove it: case and accents do not matter',
        ),
        WrongName('shake_head', 1, '"?" is no word', 'write what people say, or remove it'),
        WrongName(2, 0, '"1" is the value 1', 'remove it: case and accents do not matter'),
    ]


@pytest.mark.parametrize('folder', ROBOTS, ids=lambda folder: folder.name)
def test_every_shipped_value_has_other_names(folder):
    assert list(lists(folder))
    assert all(len(names) >= 3 for values in lists(folder) for names in values.values())


@pytest.mark.parametrize('folder', ROBOTS, ids=lambda folder: folder.name)
def test_no_shipped_name_is_near_another_value(folder):
    for values in lists(folder):
        for value, names in values.items():
            others = [w for other in values if other != value for w in (other, *values[other])]
            near = [
                (name, other) for name in names for other in others if names_value(name, other)
            ]
            assert not near


@pytest.mark.parametrize('folder', ROBOTS, ids=lambda folder: folder.name)
@pytest.mark.parametrize('command', OTHERWISE)
def test_shipped_names_are_not_found_in_other_words(folder, command):
    names = [each for values in lists(folder) for names in values.values() for each in names]
    assert not [name for name in names if names_value(command, name)]


@pytest.mark.parametrize(
    ('folder', 'command', 'named'),
    [
        (ROBOTS[0], 'Fahr in die Werkstatt.', 'workshop'),
        (ROBOTS[0], 'Gira a la izquierda.', 'left'),
        (ROBOTS[0], 'Va tout droit.', 'forward'),
        (ROBOTS[1], 'Fahr zu Ventil drei.', 'valve 3'),
        (ROBOTS[1], 'Comment est le bruit ?', 'noise'),
        (ROBOTS[2], 'Klatsch mal.', 'clap'),
        (ROBOTS[2], 'Ve al ascensor.', 'elevator'),
        (ROBOTS[2], 'Fais un visage étonné.', 'surprised'),
    ],
)
def test_shipped_names_are_found_in_commands(folder, command, named):
    assert named_values(command, specs(folder)) == {named}
