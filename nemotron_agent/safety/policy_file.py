"""What a policy file may say. Metres, radians, seconds, unless a unit is given."""

import math
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from nemotron_agent.core.document_model import DocumentModel, Number, Text
from nemotron_agent.core.fact_condition import Age, FactCondition
from nemotron_agent.core.problems import Problem, document_error, misuse, problems_of, shown
from nemotron_agent.core.yaml_document import KeyPath, YamlDocument
from nemotron_agent.safety.plane import Point, Polygon
from nemotron_agent.safety.resource_policy import ResourcePolicy, ResourceRules

EVERYONE = ('*',)
REMEDY_OF_CORNERS = 'write three or more corners: [[0, 0], [2, 0], [2, 1]]'


def _corners(given: Any) -> tuple[Point, ...]:
    if not isinstance(given, list) or len(given) < 3:
        raise misuse(f'{shown(given)} is no polygon', REMEDY_OF_CORNERS)
    for index, corner in enumerate(given):
        is_pair = isinstance(corner, list) and len(corner) == 2
        if not is_pair or not all(_is_finite(number) for number in corner):
            raise misuse(f'{shown(corner)} is no corner', 'write [x, y] in metres', index)
    polygon = Polygon([(float(x), float(y)) for x, y in given])
    if polygon.area == 0.0:
        raise misuse('the polygon has no area', REMEDY_OF_CORNERS)
    if polygon.crosses_itself:
        raise misuse('the polygon crosses itself', 'list the corners in turn, around it')
    return tuple((float(x), float(y)) for x, y in given)


def _is_finite(number: Any) -> bool:
    is_number = isinstance(number, int | float) and not isinstance(number, bool)
    return is_number and math.isfinite(number)


Corners = Annotated[tuple[Point, ...], pydantic.PlainValidator(_corners)]


class Rule(DocumentModel):
    """What all rules have: a name, and which calls they are about.

    Attributes:
        rule: its name, which verdicts give.
        skills: ids, with `*` and `?`, or groups such as `domain:navigation`.
        origins: roads or road:name, with `*` and `?`.
    """

    rule: Text
    skills: Annotated[tuple[Text, ...], Field(min_length=1)] = EVERYONE
    origins: Annotated[tuple[Text, ...], Field(min_length=1)] = EVERYONE


class Permission(Rule):
    """Who may call what, or may not."""

    skills: Annotated[tuple[Text, ...], Field(min_length=1)]
    origins: Annotated[tuple[Text, ...], Field(min_length=1)]


class Bound(Rule):
    """Bounds on a number: an argument of the call or a field of its request.

    Attributes:
        unit: of the bounds; empty is the argument's own.
        outside: `deny`, or `clamp` to move an argument to the nearest bound.
    """

    argument: Text | None = None
    field: Text | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    unit: str = ''
    outside: Literal['deny', 'clamp'] = 'deny'

    @pydantic.model_validator(mode='after')
    def _parts_agree(self) -> 'Bound':
        if (self.argument is None) == (self.field is None):
            raise misuse('a bound is on one argument or one field', 'give one of the two keys')
        if self.minimum is None and self.maximum is None:
            raise misuse('it has no bound', 'give it a minimum or maximum')
        if _is_reversed(self.minimum, self.maximum):
            raise misuse('the minimum is over the maximum', 'exchange them', 'minimum')
        if self.field is not None and self.outside == 'clamp':
            raise misuse('only an argument can be clamped', 'use deny', 'outside')
        if self.field is not None and self.unit:
            raise misuse('a field has no unit', "give the bounds in the field's own unit", 'unit')
        return self


class Rate(Rule):
    """At most so many calls in any so many seconds, counted for each skill and road apart."""

    times: Annotated[pydantic.StrictInt, Field(ge=1)]
    per_sec: Age


class Precondition(Rule, FactCondition):
    """What must be known of the robot for a call."""


class Confirmation(Rule):
    """Whether an operator must confirm; the first rule about a call decides.

    Attributes:
        argument, above: with them the rule is about calls whose argument is larger, by magnitude.
        unit: of `above`; empty is the argument's own.
    """

    confirm: Literal['always', 'never'] = 'always'
    argument: Text | None = None
    above: Number | None = None
    unit: str = ''

    @pydantic.model_validator(mode='after')
    def _is_whole(self) -> 'Confirmation':
        if (self.argument is None) != (self.above is None):
            raise misuse('argument and above go together', 'give both or none')
        return self


class FactTopic(DocumentModel):
    """The topic that a fact is heard on.

    Attributes:
        type: such as `sensor_msgs/msg/BatteryState`.
        field: dotted path of the value in the message.
        frame: of a pose; empty is what the message's header says.
    """

    topic: Text
    type: Text
    field: Text
    frame: str = ''


class Localisation(DocumentModel):
    """The fact that says where the robot is: a Pose, or x, y and theta."""

    fact: Text
    max_age_sec: Age


class Zones(DocumentModel):
    """Where the robot may be.

    Attributes:
        frame: of all polygons and of every pose that can be checked.
        margin_m: kept from all edges; the robot's radius at least [m].
        geofence: the robot stays in it.
        keep_out: the robot stays out of these, by name.
        moving_resources: a skill that uses one of them must say how it moves the robot.
    """

    frame: Text = 'map'
    margin_m: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    localisation: Localisation
    geofence: Corners | None = None
    keep_out: dict[Text, Corners] = Field(default_factory=dict)
    moving_resources: tuple[Text, ...] = ('base',)


class PolicyFile(DocumentModel):
    """A whole policy.

    Attributes:
        allow: a call needs one of these, and none of `deny`.
        trusted_names_on: roads whose senders' names are believed.
        max_text_characters: of any text in the arguments.
    """

    allow: tuple[Permission, ...]
    deny: tuple[Permission, ...] = ()
    bounds: tuple[Bound, ...] = ()
    zones: Zones | None = None
    facts: dict[Text, FactTopic] = Field(default_factory=dict)
    preconditions: tuple[Precondition, ...] = ()
    rates: tuple[Rate, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    resources: ResourcePolicy = ResourcePolicy()
    trusted_names_on: tuple[Literal['action', 'service'], ...] = ()
    max_text_characters: Annotated[pydantic.StrictInt, Field(ge=1)] = 1000

    def rules(self) -> list[tuple[KeyPath, Rule]]:
        """All rules, with the keys that lead to them."""
        return [
            ((key, index), rule)
            for key in RULE_KEYS
            for index, rule in enumerate(getattr(self, key))
        ]


RULE_KEYS = ('allow', 'deny', 'bounds', 'preconditions', 'rates', 'confirmations')
KEYS_OF = {
    '': list(PolicyFile.model_fields),
    'allow': list(Permission.model_fields),
    'deny': list(Permission.model_fields),
    'bounds': list(Bound.model_fields),
    'preconditions': list(Precondition.model_fields),
    'rates': list(Rate.model_fields),
    'confirmations': list(Confirmation.model_fields),
    'facts': list(FactTopic.model_fields),
    'zones': list(Zones.model_fields),
    'resources': list(ResourcePolicy.model_fields),
    'default': list(ResourceRules.model_fields),
    'named': list(ResourceRules.model_fields),
    'localisation': list(Localisation.model_fields),
}


def _with_lists(data: dict[str, Any]) -> dict[str, Any]:
    """Take an empty `allow:` for an empty list: nothing is allowed then."""
    return {**data, 'allow': []} if data.get('allow', 0) is None else data


def _is_reversed(minimum: float | None, maximum: float | None) -> bool:
    return minimum is not None and maximum is not None and minimum > maximum


def read_policy_file(document: YamlDocument) -> PolicyFile:
    """Read the form of a policy; `policy_checks` compares it with skills and places.

    Raises:
        DocumentError: with the file, line and key of all that is wrong.
    """
    if not isinstance(document.data, dict):
        problem = Problem((), 'this is no policy', 'begin with "allow:" and a list of rules')
        raise document_error(document, [problem])
    try:
        return PolicyFile.model_validate(_with_lists(document.data))
    except pydantic.ValidationError as error:
        raise document_error(document, problems_of(error, KEYS_OF)) from error
