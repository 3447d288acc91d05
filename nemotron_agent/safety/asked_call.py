"""A call as the rules see it: who asks for which skill, with what."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.origin import Origin
from nemotron_agent.safety.policy_file import Rule
from nemotron_agent.safety.rule_scope import covers
from nemotron_agent.safety.skill_traits import SkillTraits


@dataclasses.dataclass(frozen=True)
class AskedCall:
    """A call to decide on.

    Attributes:
        arguments: as asked, or as clamped.
    """

    skill: SkillTraits
    origin: Origin
    arguments: Mapping[str, Any]

    @property
    def complete_arguments(self) -> Mapping[str, Any]:
        """The arguments with the defaults of those left out."""
        return self.skill.complete(self.arguments)

    def is_of(self, rule: Rule) -> bool:
        """Whether a rule is about it."""
        return covers(rule, self.skill, self.origin)


@dataclasses.dataclass(frozen=True)
class Denial:
    """Why a call may not be, and the name of the rule that says so."""

    rule: str
    reason: str
