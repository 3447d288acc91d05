"""Named places the robot can be sent to."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import Field

from nemotron_agent.core.document_model import DocumentModel
from nemotron_agent.core.problems import Problem, document_error, misuse, problems_of, shown
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.skills.other_names import OtherNames, wrong_names

Coordinate = Annotated[float, Field(allow_inf_nan=False)]
KEYS_OF = {'': ['frame_id', 'places'], 'places': ['x', 'y', 'yaw', 'z', 'frame_id', 'also']}


class Place(DocumentModel):
    """A pose on the floor: x, y, z [m], yaw [rad] to the left from the frame's x axis.

    Attributes:
        also: other words that people say for the place.
    """

    x: Coordinate
    y: Coordinate
    yaw: Coordinate = 0.0
    z: Coordinate = 0.0
    frame_id: str = ''
    also: OtherNames = ()

    @property
    def quaternion(self) -> tuple[float, float, float, float]:
        """Orientation as (x, y, z, w)."""
        return (0.0, 0.0, math.sin(self.yaw / 2), math.cos(self.yaw / 2))


class Places(DocumentModel):
    """Places by name; `frame_id` is that of every place which names no other."""

    frame_id: Annotated[str, Field(strict=True, min_length=1)] = 'map'
    places: dict[str, Place] = Field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All names, in the file's order."""
        return tuple(self.places)

    @property
    def also(self) -> dict[str, OtherNames]:
        """By name, other words that people say for a place."""
        return {name: place.also for name, place in self.places.items()}

    def frame_of(self, place: Place) -> str:
        """Frame a place is given in."""
        return place.frame_id or self.frame_id

    @pydantic.field_validator('places')
    @classmethod
    def _names_are_words(cls, places: Mapping[str, Place]) -> Mapping[str, Place]:
        for name in places:
            if not name.strip() or not name.isprintable() or len(name) > 64:
                raise misuse(f'{shown(name)} is no name for a place', 'use up to 64 letters', name)
        also = {name: place.also for name, place in places.items()}
        wrong = next(wrong_names(also, places), None)
        if wrong:
            raise misuse(wrong.message, wrong.remedy, str(wrong.value), 'also', wrong.index)
        return places


def load_places(path: Path) -> Places:
    """Read a places file.

    Raises:
        DocumentError: with the file, line and key of all that is wrong.
    """
    return read_places(YamlDocument.load(path))


def read_places(document: YamlDocument) -> Places:
    """Read places from YAML; see `load_places`."""
    data: Any = document.data
    if not isinstance(data, dict):
        raise document_error(
            document, [Problem((), 'this is no places file', 'begin with "frame_id: map"')]
        )
    try:
        return Places.model_validate(data)
    except pydantic.ValidationError as error:
        raise document_error(document, problems_of(error, KEYS_OF)) from error
