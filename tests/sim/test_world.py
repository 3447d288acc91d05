import pytest

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.sim.world import load_world

PLACES = 'frame_id: map\nplaces:\n  dock: {x: 0, y: 0}\n  kitchen: {x: 2, y: 1, yaw: 1.57}\n'
WORLD = """\
room: {min_x: -5, max_x: 5, min_y: -5, max_y: 5}
start: dock
dock: dock
objects:
  red_cup: {place: kitchen, x: 0.4, y: 0.1}
  ball: {x: -1, y: -2}
"""


@pytest.fixture
def load(tmp_path):
    def load(world=WORLD, places=PLACES):
        world_file, places_file = tmp_path / 'world.yaml', tmp_path / 'places.yaml'
        world_file.write_text(world, encoding='utf-8')
        places_file.write_text(places, encoding='utf-8')
        return load_world(world_file, places_file)

    return load


def test_the_shipped_world_is_usable():
    world = load_world(config_file('world.yaml'), config_file('places.yaml'))
    assert {'kitchen', 'workshop', 'dock'} <= set(world.places)
    assert {'red_cup', 'toolbox', 'book'} <= set(world.objects)


def test_objects_are_counted_from_their_place(load):
    world = load()
    assert (world.objects['red_cup'].x, world.objects['red_cup'].y) == pytest.approx((2.4, 1.1))
    assert (world.objects['ball'].x, world.objects['ball'].y) == (-1.0, -2.0)


def test_a_world_needs_no_dock(load):
    assert load(WORLD.replace('dock: dock\n', '')).dock is None


@pytest.mark.parametrize(
    ('old', 'new', 'parts'),
    [
        ('start: dock\n', '', ['world.yaml:1', 'start', 'missing', 'add it']),
        ('start: dock', 'start: harbour', ['start', '"harbour"', 'use one of: dock, kitchen']),
        ('start: dock', 'start: kitchn', ['start', '"kitchn"', 'did you mean kitchen?']),
        ('dock: dock', 'dock: dok', ['dock', '"dok"', 'did you mean dock?']),
        ('place: kitchen', 'place: cellar', ['objects.red_cup.place', '"cellar"']),
        ('max_x: 5', 'max_x: -6', ['world.yaml:1', 'no area', 'put min_x below max_x']),
        ('max_x: 5', 'max_x: wide', ['world.yaml:1', 'room.max_x', '"wide"']),
        ('max_x: 5', 'max_x: .nan', ['room.max_x', 'finite']),
        ('objects:', 'objcts:', ['world.yaml:4', 'objcts', 'did you mean objects?']),
        ('y: -2}', 'z: 3}', ['objects.ball.z', 'not known']),
        ('y: -2}', 'y: -2, width: 0}', ['objects.ball.width', '0', 'raise it']),
        ('y: -2}', 'y: -9}', ['objects.ball', '(-1, -9) is outside the room', 'move it']),
        ('start:', 'battery: {level: 1.5}\nstart:', ['battery.level', '1.5', 'lower it']),
        ('start:', 'body: {reach: -1}\nstart:', ['body.reach', '-1', 'raise it']),
        ('start:', 'start: dock\nstart:', ['world.yaml:3', '"start" is given twice']),
        ('room: {', 'room: [', ['world.yaml:1', 'not YAML']),
    ],
)
def test_errors_of_the_world_file_say_what_to_change(old, new, parts, load):
    with pytest.raises(ConfigurationError) as caught:
        load(WORLD.replace(old, new, 1))
    assert all(part in str(caught.value) for part in ['world.yaml', *parts]), caught.value


@pytest.mark.parametrize(
    ('old', 'new', 'parts'),
    [
        ('x: 2,', 'x: 4.9,', ['places.kitchen', '(4.9, 1)', '0.25 m', 'widen "room"']),
        ('x: 2,', 'x: two,', ['places.kitchen.x', '"two"']),
        ('yaw: 1.57}', 'frame_id: odom}', ['places.kitchen', 'only the frame "map"', '"odom"']),
    ],
)
def test_errors_of_the_places_file_say_what_to_change(old, new, parts, load):
    with pytest.raises(ConfigurationError) as caught:
        load(places=PLACES.replace(old, new, 1))
    assert all(part in str(caught.value) for part in ['places.yaml', *parts]), caught.value


def test_a_world_file_that_is_no_mapping(load):
    with pytest.raises(ConfigurationError, match='this is no world file: begin with "room:"'):
        load(world='- 1\n')


def test_a_world_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match='cannot be read .*: check the path'):
        load_world(tmp_path / 'none.yaml', tmp_path / 'none.yaml')
