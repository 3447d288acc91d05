import math
from pathlib import Path

import pytest

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.skills.places import load_places, read_places


def read(text: str):
    return read_places(YamlDocument(text, 'places.yaml'))


def test_places():
    places = read('frame_id: map\nplaces:\n  a: {x: 1, y: 2.5, yaw: 3.141592653589793}\n')
    assert places.names == ('a',)
    place = places.places['a']
    assert (place.x, place.y) == (1.0, 2.5)
    assert places.frame_of(place) == 'map'
    assert place.quaternion == pytest.approx((0, 0, 1, 0), abs=1e-9)


def test_a_place_may_have_its_own_frame():
    places = read('places:\n  a: {x: 1, y: 2, frame_id: odom}\n')
    assert places.frame_of(places.places['a']) == 'odom'


def test_yaw_quarter_turn():
    place = read(f'places: {{a: {{x: 0, y: 0, yaw: {math.pi / 2}}}}}').places['a']
    assert place.quaternion == pytest.approx((0, 0, math.sqrt(0.5), math.sqrt(0.5)))


def test_a_place_may_have_other_names():
    places = read('places:\n  a: {x: 1, y: 2, also: [Werkstatt]}\n  b: {x: 1, y: 2}\n')
    assert places.also == {'a': ('Werkstatt',), 'b': ()}


def test_the_shipped_places():
    config = Path(__file__).parents[2] / 'config' / 'places.yaml'
    assert load_places(config).names == ('dock', 'kitchen', 'table', 'door', 'workshop')


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('', 'places.yaml:1: this is no places file: begin with "frame_id: map"'),
        ('- a', 'places.yaml:1: this is no places file'),
        ('place: {}', 'places.yaml:1: place: this key is not known: did you mean places?'),
        ('frame_id: ""', 'places.yaml:1: frame_id: "" is empty: write something'),
        ('places:\n  a: {x: 1}', 'places.yaml:2: places.a.y: this key is missing: add it'),
        (
            'places:\n  a: {x: 1, y: 2, jaw: 3}',
            'places.yaml:2: places.a.jaw: this key is not known: did you mean yaw?',
        ),
        (
            'places:\n  a: {x: 1, y: 2, als: [b]}',
            'places.yaml:2: places.a.als: this key is not known: did you mean also?',
        ),
        (
            'places:\n  a: {x: 1, y: 2, also: b}',
            'places.yaml:2: places.a.also: "b" is no list: write a list, such as [a, b]',
        ),
        (
            'places:\n  a: {x: 1, y: 2, also: [""]}',
            'places.yaml:2: places.a.also[0]: "" is no word: write what people say, or remove it',
        ),
        (
            'places:\n  a: {x: 1, y: 2, also: [A]}',
            'places.yaml:2: places.a.also[0]: "A" is the value "a": remove it: case and',
        ),
        (
            'places:\n  a: {x: 1, y: 2}\n  b: {x: 1, y: 2, also: [c, a]}',
            'places.yaml:3: places.b.also[1]: "a" is the value "a": remove it',
        ),
        (
            'places:\n  a: {x: 1, y: 2, also: [c]}\n  b: {x: 1, y: 2, also: [C]}',
            'places.yaml:3: places.b.also[0]: "C" is a name of "a" too: give it to one of them',
        ),
        ('places:\n  a: {x: .nan, y: 2}', 'places.yaml:2: places.a.x: NaN is not finite: write'),
        ('places:\n  a: {x: far, y: 2}', 'places.yaml:2: places.a.x: "far" is no number: write a'),
        ('places:\n  a: 5', 'places.yaml:2: places.a: 5 has no keys: write'),
        (
            'places:\n  "": {x: 1, y: 2}',
            'places.yaml:2: places.: "" is no name for a place: use up to 64 letters',
        ),
    ],
)
def test_what_is_refused(text, expected):
    with pytest.raises(DocumentError) as caught:
        read(text)
    assert str(caught.value).startswith(expected)
