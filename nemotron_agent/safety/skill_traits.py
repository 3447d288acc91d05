"""What the gate knows of a skill, in plain values: whoever reads manifests fills this in."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nemotron_agent.safety.plane import Pose
from nemotron_agent.safety.policy_file import Precondition


@dataclasses.dataclass(frozen=True)
class Limit:
    """What the manifest allows for a number; `clamps` moves it in instead of denying the call."""

    minimum: float | None = None
    maximum: float | None = None
    clamps: bool = False

    @property
    def without_clamping(self) -> 'Limit':
        """The same, and what is outside is denied."""
        return dataclasses.replace(self, clamps=False)


@dataclasses.dataclass(frozen=True)
class Motion:
    """Where a run takes the robot, by fields of its request; without any, nowhere.

    Poses of places are found without being named here.

    Attributes:
        x, y, frame: fields of a goal's position [m] and of its frame.
        ahead, left: fields of a way from where the robot is [m].
        to_place: it leads to a place that the call names; the request may have no more than that.
        is_planned: the robot's own planner keeps to the zones; only the goal is checked here.
    """

    x: str = ''
    y: str = ''
    frame: str = ''
    ahead: str = ''
    left: str = ''
    to_place: bool = False
    is_planned: bool = False


@dataclasses.dataclass(frozen=True)
class SkillTraits:
    """A skill, as far as it matters to the gate.

    Attributes:
        name: of the tool.
        complete: completes arguments with the defaults of those left out.
        fill: makes the request of a call: value by dotted field path, a place as a `Pose`.
        places: where the places are that a call names.
        domains: functional domains, which policies name as `domain:navigation`.
        resources: what a run needs for itself.
        units: unit of each argument that is a number; empty where it has none.
        fields: what `fill` may fill.
        limits: of arguments, by name.
        must_confirm: whether the manifest wants an operator to confirm each run.
        enabled_when: what the manifest wants of the robot before the skill may run.
        motion: where a run takes the robot; None if that is not known.
    """

    name: str
    complete: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    fill: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    places: Callable[[Mapping[str, Any]], Sequence[Pose]] = lambda arguments: ()
    domains: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    units: Mapping[str, str] = dataclasses.field(default_factory=dict)
    fields: tuple[str, ...] = ()
    limits: Mapping[str, Limit] = dataclasses.field(default_factory=dict)
    must_confirm: bool = False
    enabled_when: tuple[Precondition, ...] = ()
    motion: Motion | None = None
