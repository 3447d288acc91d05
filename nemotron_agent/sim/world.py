"""The room, its places and objects, and the robot's body: what never changes."""

import pathlib
from collections.abc import Mapping

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.problems import near_miss
from nemotron_agent.sim.kinematics import Pose
from nemotron_agent.sim.world_file import SimObject, WorldFile, read_world_file
from nemotron_agent.skills.places import Places, load_places


class World:
    """A world file and its places, which must fit each other.

    Attributes:
        frame_id: the frame of every pose.
        places: poses by name.
        start, dock: where the robot begins, and where it charges.
        objects: by name, where they are at the start, in the map.
    """

    def __init__(self, file: WorldFile, places: Places) -> None:
        self.room = file.room
        self.body = file.body
        self.drive_limits = file.drive.limits
        self.gripper_limits = file.gripper.limits
        self.battery = file.battery
        self.place_radius = file.place_radius
        self.frame_id = places.frame_id
        self.places: Mapping[str, Pose] = {
            name: Pose(place.x, place.y, place.yaw) for name, place in places.places.items()
        }
        self.start = self.places[file.start]
        self.dock = self.places[file.dock] if file.dock else None
        self.objects: Mapping[str, SimObject] = {
            name: self._in_the_map(thing) for name, thing in file.objects.items()
        }

    def place_near(self, x: float, y: float) -> str | None:
        """Return the name of the nearest place within the place radius, or None."""
        name = min(self.places, key=lambda each: self.places[each].distance_to(x, y))
        return name if self.places[name].distance_to(x, y) <= self.place_radius else None

    def _in_the_map(self, thing: SimObject) -> SimObject:
        if thing.place is None:
            return thing
        anchor = self.places[thing.place]
        return thing.model_copy(
            update={'x': anchor.x + thing.x, 'y': anchor.y + thing.y, 'place': None}
        )


def load_world(world_file: pathlib.Path, places_file: pathlib.Path) -> World:
    """Read both files and check them, alone and against each other.

    Raises:
        ConfigurationError: names the file, the key, what is wrong and what to do.
    """
    file = read_world_file(world_file)
    places = load_places(places_file)
    _check_names(world_file, file, places_file, places)
    world = World(file, places)
    room, radius = file.room, file.body.radius
    for name, pose in world.places.items():
        if not room.holds(pose.x, pose.y, radius):
            raise ConfigurationError(
                f'{places_file}: places.{name}: ({pose.x:g}, {pose.y:g}) is outside the room or '
                f'nearer to a wall than {radius:g} m: move it, or widen "room" in {world_file}'
            )
    for name, thing in world.objects.items():
        if not room.holds(thing.x, thing.y):
            raise ConfigurationError(
                f'{world_file}: objects.{name}: ({thing.x:g}, {thing.y:g}) is outside the room: '
                'move it, or widen "room"'
            )
    return world


def _check_names(
    world_file: pathlib.Path, file: WorldFile, places_file: pathlib.Path, places: Places
) -> None:
    wanted = {'start': file.start, 'dock': file.dock}
    wanted |= {f'objects.{name}.place': thing.place for name, thing in file.objects.items()}
    for key, name in wanted.items():
        if name is not None and name not in places.places:
            raise ConfigurationError(
                f'{world_file}: {key}: there is no place "{name}" in {places_file}: '
                f'{near_miss(name, places.names)}'
            )
    for name, place in places.places.items():
        if places.frame_of(place) != places.frame_id:
            raise ConfigurationError(
                f'{places_file}: places.{name}: the simulated robot knows only the frame '
                f'"{places.frame_id}", not "{place.frame_id}": give the place in that frame'
            )
