"""How the arguments of a call fill the fields of a request."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.skills.parameter import Parameter
from nemotron_agent.skills.places import Place, Places
from nemotron_agent.skills.request_source import ArgumentSource, PlaceSource
from nemotron_agent.skills.skill import Skill


@dataclasses.dataclass(frozen=True)
class FramedPlace:
    """A place and the frame it is given in, ready to become a pose."""

    place: Place
    frame_id: str


class RequestTemplate:
    """Fills requests of one skill.

    Args:
        skill: gives the rules.
        places: looked up by name.
        inputs: replace the manifest's arguments.
    """

    def __init__(
        self, skill: Skill, places: Places, inputs: Sequence[Parameter] | None = None
    ) -> None:
        self._inputs = tuple(skill.inputs if inputs is None else inputs)
        self._places = places
        if skill.request is None:
            self._sources: dict[str, Any] = {
                p.name: ArgumentSource(argument=p.argument) for p in self._inputs
            }
        else:
            self._sources = dict(skill.request)

    @property
    def fields(self) -> tuple[str, ...]:
        """Dotted paths of the fields that a request may fill."""
        return tuple(self._sources)

    def with_defaults(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Complete arguments with the defaults of those left out."""
        complete = dict(arguments)
        for parameter in self._inputs:
            if parameter.default is not None:
                complete.setdefault(parameter.argument, parameter.default)
        return complete

    def fill(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Give the value of each field, by dotted path; a pose is a `FramedPlace`.

        Fields whose argument was left out and has no default are not among them.
        """
        complete = self.with_defaults(arguments)
        fields: dict[str, Any] = {}
        for path, source in self._sources.items():
            if not isinstance(source, ArgumentSource | PlaceSource):
                fields[path] = source
            elif all(name in complete for name in source.arguments):
                fields[path] = self._value(source, complete)
        return fields

    def _value(self, source: ArgumentSource | PlaceSource, arguments: Mapping[str, Any]) -> Any:
        if isinstance(source, PlaceSource):
            place = self._places.places[arguments[source.place]]
            return FramedPlace(place, self._places.frame_of(place))
        value = arguments[source.argument]
        if not source.changes_value:
            return value
        factor = source.scale
        if source.factor_by is not None:
            factor *= source.factor_by.values[arguments[source.factor_by.argument]]
        return value * factor + source.offset
