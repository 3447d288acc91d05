"""A skill: one capability of the robot, as its manifest entry declares it.

Field names are those of the draft REP "ROS Skill Definitions" (ros4hri/REP-skills) where it has
them.
"""

import re
from typing import Annotated, Literal

import pydantic
from pydantic import Field

from nemotron_agent.core.document_model import DocumentModel, Number, Text
from nemotron_agent.core.fact_condition import FactCondition
from nemotron_agent.core.problems import misuse, shown
from nemotron_agent.skills.motion_rules import MotionRules
from nemotron_agent.skills.parameter import Parameter, Parameters
from nemotron_agent.skills.request_source import SOURCE_KEYS, FieldSource
from nemotron_agent.skills.result_rules import ResultRules

KIND_FOLDERS = {'action': 'action', 'service': 'srv', 'topic': 'msg'}
DATATYPE = re.compile(r'^([a-z][a-z0-9_]*)/(action|srv|msg)/([A-Za-z][A-Za-z0-9]*)$')
ROS_NAME = re.compile(r'^(~/|/)?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*$')
SKILL_ID = re.compile(r'^[a-z][a-z0-9_]{0,63}$')


class Limit(DocumentModel):
    """Bounds that an argument must keep, whatever the model is told.

    Attributes:
        outside: `deny`, or `clamp` to run with the nearest value inside.
    """

    minimum: Number | None = None
    maximum: Number | None = None
    outside: Literal['deny', 'clamp'] = 'deny'


class Skill(DocumentModel):
    """One capability of the robot.

    Attributes:
        id: name of the tool the model sees.
        interface: `action`, `service` or `topic`.
        datatype: ROS type, such as `nemotron_agent_interfaces/action/Spin`.
        default_interface_path: ROS name; a relative one follows the agent's namespace.
        parameters: arguments; where it is left out, the fields of the ROS type.
        request: how arguments fill the goal: dotted field path to constant or source. Where it is
            left out, each argument fills the field of its name.
        result: when it succeeded, and what to tell the model.
        timeout_sec: limit for one run [s].
        resources: what a run needs for itself, such as `base`.
        limits: bounds by argument, kept at run time.
        motion: where a run takes the robot; needed by policies with zones.
        confirm: whether an operator must confirm each run.
        dispatch: `direct`, or `request` for one that another node carries out.
        enabled_when: what must be known of the robot for it to be offered; all must hold.
        access: of a topic, whether the skill publishes a message or reads the latest.
        max_age_sec: of a read topic, how old the latest message may be [s].
        latched: of a topic, whether its last message is kept for late subscribers.
    """

    id: Text
    version: Annotated[str, Field(strict=True)] = '0.0.0'
    description: Text
    interface: Literal['action', 'service', 'topic']
    datatype: Text
    default_interface_path: Text = ''
    functional_domains: tuple[Text, ...] = ()
    parameters: Parameters | None = None
    request: dict[Text, FieldSource] | None = None
    result: ResultRules = ResultRules()
    timeout_sec: Annotated[float, Field(gt=0, le=86400, allow_inf_nan=False)] = 60.0
    resources: tuple[Text, ...] = ()
    limits: dict[Text, Limit] = Field(default_factory=dict)
    motion: MotionRules | None = None
    confirm: Literal['never', 'always'] = 'never'
    dispatch: Literal['direct', 'request'] = 'direct'
    enabled_when: tuple[FactCondition, ...] = ()
    access: Literal['publish', 'read'] = 'publish'
    max_age_sec: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 5.0
    latched: pydantic.StrictBool = False

    @property
    def interface_path(self) -> str:
        """Name of the action, service or topic; the draft REP's convention if none is given."""
        return self.default_interface_path or f'/skill/{self.id}'

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        """The declared arguments; none if they come from the ROS type."""
        return self.parameters.inputs if self.parameters else ()

    @property
    def reads(self) -> bool:
        """Whether it reads a topic."""
        return self.interface == 'topic' and self.access == 'read'

    @property
    def needs_type_for_schema(self) -> bool:
        """Whether its arguments are known only with the ROS type at hand."""
        if self.reads:
            return False
        return self.parameters is None or any(p.is_message for p in self.unplaced_inputs)

    @property
    def unplaced_inputs(self) -> tuple[Parameter, ...]:
        """The declared arguments that do not name a place."""
        return tuple(parameter for parameter in self.inputs if not parameter.takes_place)

    @pydantic.field_validator('id')
    @classmethod
    def _id_is_plain(cls, name: str) -> str:
        if not SKILL_ID.match(name):
            raise misuse(
                f'{shown(name)} is no id',
                'use up to 64 lower-case letters, digits and _, beginning with a letter',
            )
        return name

    @pydantic.field_validator('datatype')
    @classmethod
    def _datatype_is_full(cls, name: str) -> str:
        plain = re.sub(r'\.(action|srv|msg)$', '', name)
        if not DATATYPE.match(plain):
            raise misuse(
                f'{shown(name)} is no ROS type',
                'write package/action/Name, package/srv/Name or package/msg/Name',
            )
        return plain

    @pydantic.field_validator('default_interface_path')
    @classmethod
    def _path_is_ros_name(cls, name: str) -> str:
        if not ROS_NAME.match(name):
            raise misuse(
                f'{shown(name)} is no ROS name',
                'use letters, digits, _ and /; do not end with / or begin a part with a digit',
            )
        return name

    @pydantic.model_validator(mode='after')
    def _parts_agree(self) -> 'Skill':
        folder = self.datatype.split('/')[1]
        if folder != KIND_FOLDERS[self.interface]:
            right = KIND_FOLDERS[self.interface]
            raise misuse(
                f'{self.datatype} is no {self.interface} type',
                f'write .../{right}/... or correct "interface"',
                'datatype',
            )
        return self


KEYS_OF = {
    '': ['skills'],
    'skills': list(Skill.model_fields),
    'parameters': ['in'],
    'in': list(Parameter.model_fields),
    'result': list(ResultRules.model_fields),
    'limits': list(Limit.model_fields),
    'enabled_when': list(FactCondition.model_fields),
    'motion': list(MotionRules.model_fields),
    **SOURCE_KEYS,
}
