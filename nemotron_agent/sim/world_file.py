"""What a world file may say. Metres, radians, seconds."""

import math
import pathlib
from typing import Annotated

import pydantic

from nemotron_agent.core.document_model import DocumentModel
from nemotron_agent.core.problems import Problem, document_error, misuse, problems_of
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.sim.battery import BatteryRates
from nemotron_agent.sim.gripper import GripperLimits
from nemotron_agent.sim.kinematics import DriveLimits

Finite = Annotated[float, pydantic.Field(allow_inf_nan=False)]
Positive = Annotated[float, pydantic.Field(gt=0.0, allow_inf_nan=False)]
NotNegative = Annotated[float, pydantic.Field(ge=0.0, allow_inf_nan=False)]
Name = Annotated[str, pydantic.Field(min_length=1, max_length=64)]
Fraction = Annotated[float, pydantic.Field(ge=0.0, le=1.0)]


class Room(DocumentModel):
    """A rectangle with walls [m]."""

    min_x: Finite
    max_x: Finite
    min_y: Finite
    max_y: Finite

    @pydantic.model_validator(mode='after')
    def _has_area(self) -> 'Room':
        if self.min_x >= self.max_x or self.min_y >= self.max_y:
            raise misuse('the room has no area', 'put min_x below max_x and min_y below max_y')
        return self

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Return whether a point lies inside, `margin` [m] from the walls."""
        return (
            self.min_x + margin <= x <= self.max_x - margin
            and self.min_y + margin <= y <= self.max_y - margin
        )

    def nearest_inside(self, x: float, y: float, margin: float) -> tuple[float, float]:
        """Return the point inside, `margin` [m] from the walls, that is nearest to (x, y)."""
        return (
            max(self.min_x + margin, min(self.max_x - margin, x)),
            max(self.min_y + margin, min(self.max_y - margin, y)),
        )

    def clearance(self, x: float, y: float, direction: float, margin: float) -> float:
        """Return the way from (x, y) to `margin` [m] before the wall in a direction [rad]."""
        return min(
            _way_to(x, math.cos(direction), self.min_x + margin, self.max_x - margin),
            _way_to(y, math.sin(direction), self.min_y + margin, self.max_y - margin),
        )


def _way_to(position: float, share: float, lower: float, upper: float) -> float:
    if abs(share) < 1e-9:
        return math.inf
    return max(0.0, ((upper if share > 0 else lower) - position) / share)


class SimObject(DocumentModel):
    """A thing in the room.

    Attributes:
        x, y: where [m], in the map, or from the point of `place` if that is given.
        place: name in the places file.
        width: between the gripper's fingers [m].
        graspable: whether the gripper may take it.
    """

    x: Finite
    y: Finite
    place: Name | None = None
    width: Positive = 0.06
    graspable: bool = True


class Body(DocumentModel):
    """The robot itself.

    Attributes:
        radius: of the round base [m].
        reach: of the gripper, from the middle of the base [m].
        carry_distance: where it holds things, ahead of the middle of the base [m].
        sight_range: how far it sees [m].
        field_of_view: how much of the circle it sees [rad], ahead.
    """

    radius: Positive = 0.25
    reach: Positive = 0.6
    carry_distance: NotNegative = 0.3
    sight_range: Positive = 4.0
    field_of_view: Annotated[float, pydantic.Field(gt=0.0, le=6.2832)] = 6.2832


class BatterySettings(DocumentModel):
    """The battery's charge at the start, 0 to 1, and how fast it changes (`BatteryRates`)."""

    level: Fraction = 0.9
    per_sec: NotNegative = BatteryRates.per_sec
    per_meter: NotNegative = BatteryRates.per_meter
    per_rad: NotNegative = BatteryRates.per_rad
    charge_per_sec: NotNegative = BatteryRates.charge_per_sec

    @property
    def rates(self) -> BatteryRates:
        """How fast it changes."""
        return BatteryRates(self.per_sec, self.per_meter, self.per_rad, self.charge_per_sec)


class DriveSettings(DocumentModel):
    """Limits of the drive; see `DriveLimits`."""

    linear_speed: Positive = DriveLimits.linear_speed
    angular_speed: Positive = DriveLimits.angular_speed
    linear_acceleration: Positive = DriveLimits.linear_acceleration
    angular_acceleration: Positive = DriveLimits.angular_acceleration
    wheel_speed: Positive = DriveLimits.wheel_speed
    wheel_separation: Positive = DriveLimits.wheel_separation

    @property
    def limits(self) -> DriveLimits:
        """The same for the kinematics."""
        return DriveLimits(**self.model_dump())


class GripperSettings(DocumentModel):
    """Limits of the gripper; see `GripperLimits`."""

    max_opening: Positive = GripperLimits.max_opening
    speed: Positive = GripperLimits.speed
    max_effort: Positive = GripperLimits.max_effort

    @property
    def limits(self) -> GripperLimits:
        """The same for the gripper."""
        return GripperLimits(**self.model_dump())


class WorldFile(DocumentModel):
    """The world file."""

    room: Room
    start: Name
    dock: Name | None = None
    place_radius: Positive = 0.5
    body: Body = Body()
    drive: DriveSettings = DriveSettings()
    gripper: GripperSettings = GripperSettings()
    battery: BatterySettings = BatterySettings()
    objects: dict[Name, SimObject] = {}


MODELS: dict[str, type[DocumentModel]] = {
    '': WorldFile,
    'room': Room,
    'body': Body,
    'drive': DriveSettings,
    'gripper': GripperSettings,
    'battery': BatterySettings,
    'objects': SimObject,
}
KEYS_OF = {key: list(model.model_fields) for key, model in MODELS.items()}


def read_world_file(path: pathlib.Path) -> WorldFile:
    """Read and check a world file by itself.

    Raises:
        ConfigurationError: with the file, line and key of all that is wrong, and what to do.
    """
    document = YamlDocument.load(path)
    if not isinstance(document.data, dict):
        raise document_error(
            document, [Problem((), 'this is no world file', 'begin with "room:" and "start:"')]
        )
    try:
        return WorldFile.model_validate(document.data)
    except pydantic.ValidationError as error:
        raise document_error(document, problems_of(error, KEYS_OF)) from error
