"""The policy: decides on a call by who asks, what for, and how the robot is. By nothing else."""

import logging
from collections.abc import Mapping

from nemotron_agent.core.fact import Facts
from nemotron_agent.core.gate import CallRequest, Decision, Verdict
from nemotron_agent.core.origin import Origin
from nemotron_agent.core.problems import document_error
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.safety.argument_sanity import ArgumentSanity
from nemotron_agent.safety.asked_call import AskedCall, Denial
from nemotron_agent.safety.bounds import Bounds
from nemotron_agent.safety.confirmation_rules import ConfirmationRules
from nemotron_agent.safety.permissions import Permissions
from nemotron_agent.safety.plane import Pose
from nemotron_agent.safety.policy_checks import problems_in
from nemotron_agent.safety.policy_file import PolicyFile, read_policy_file
from nemotron_agent.safety.preconditions import Preconditions
from nemotron_agent.safety.rate_limits import RateLimits
from nemotron_agent.safety.skill_traits import SkillTraits
from nemotron_agent.safety.zone_guard import ZoneGuard

logger = logging.getLogger(__name__)

ANYBODY = Origin('anybody')


class Policy:
    """A policy file applied to a robot's skills. Thread-safe.

    Args:
        file: as read and checked against the skills.
        skills: by name; a call of any other is denied.
        facts: what is known of the robot now.
    """

    def __init__(self, file: PolicyFile, skills: Mapping[str, SkillTraits], facts: Facts) -> None:
        self.file = file
        self._skills = skills
        self._permissions = Permissions(file)
        self._sanity = ArgumentSanity(file.max_text_characters)
        self._bounds = Bounds(file.bounds)
        self._zones = ZoneGuard(file.zones, facts) if file.zones else None
        enabled_when = [rule for skill in skills.values() for rule in skill.enabled_when]
        self._enabled_when = Preconditions(enabled_when, facts)
        self._preconditions = Preconditions(file.preconditions, facts)
        self._rates = RateLimits(file.rates, file.trusted_names_on)
        self._confirmations = ConfirmationRules(file.confirmations)

    @classmethod
    def read(
        cls,
        document: YamlDocument,
        skills: Mapping[str, SkillTraits],
        places: Mapping[str, Pose],
        facts: Facts,
    ) -> 'Policy':
        """Read a policy and check it against the robot's skills and places.

        Raises:
            DocumentError: with the file, line and key of all that is wrong.
        """
        file = read_policy_file(document)
        problems = list(problems_in(file, skills, places))
        if problems:
            raise document_error(document, problems)
        return cls(file, skills, facts)

    def decide(self, request: CallRequest) -> Decision:
        """Decide on a request; see `CallPolicy`. What cannot be checked is denied."""
        try:
            return self._decision(request)
        except Exception:
            return _failed(request)

    def disabled_skills(self) -> Mapping[str, str]:
        """Skills whose `enabled_when` does not hold now, and what they want.

        The robot's facts are not quoted: who publishes them has no say in what a model is told.
        """
        return {
            name: ', '.join(condition.wanted for condition in skill.enabled_when)
            for name, skill in self._skills.items()
            if skill.enabled_when and self._enabled_when.denial(AskedCall(skill, ANYBODY, {}))
        }

    def recheck(self, request: CallRequest, decision: Decision) -> Decision:
        """Look again at the robot's state for a call that had to wait; see `CallPolicy`."""
        try:
            call = AskedCall(
                self._skills[request.call.name],
                Origin.parse(request.origin),
                decision.arguments,
            )
            denial = self._state_denial(call)
        except Exception:
            return _failed(request)
        return decision if denial is None else _denied(request, denial)

    def _decision(self, request: CallRequest) -> Decision:
        skill = self._skills.get(request.call.name)
        if skill is None:
            return _denied(request, Denial('unknown_skill', 'the policy knows no such skill'))
        if not request.origin:
            return _denied(request, Denial('no_origin', 'nobody is named as its origin'))
        call = AskedCall(skill, Origin.parse(request.origin), request.call.arguments)
        granted = self._permissions.grant(call)
        if isinstance(granted, Denial):
            return _denied(request, granted)
        denial = self._sanity.denial(call)
        if denial is not None:
            return _denied(request, denial)
        clamped = self._bounds.apply(call)
        if isinstance(clamped, Denial):
            return _denied(request, clamped)
        # The rates come last, as they count what passes.
        denial = self._state_denial(clamped.call) or self._rates.denial(clamped.call)
        if denial is not None:
            return _denied(request, denial)
        arguments, reason = clamped.call.arguments, '; '.join(clamped.reasons)
        wanted = self._confirmations.rule_for(clamped.call)
        if wanted is not None:
            rule, why = wanted
            return Decision(
                Verdict.CONFIRM, '; '.join(filter(None, (why, reason))), arguments, rule
            )
        if clamped.rules:
            return Decision(Verdict.CLAMP, reason, arguments, ', '.join(clamped.rules))
        return Decision(Verdict.ALLOW, '', arguments, granted)

    def _state_denial(self, call: AskedCall) -> Denial | None:
        """What speaks against a call in how the robot is now, and where."""
        return (
            self._enabled_when.denial(call)
            or self._preconditions.denial(call)
            or (self._zones.denial(call) if self._zones else None)
        )


def _failed(request: CallRequest) -> Decision:
    logger.exception('the policy could not be checked for %s', request.call.name)
    return _denied(request, Denial('policy_failed', 'the policy could not be checked'))


def _denied(request: CallRequest, denial: Denial) -> Decision:
    return Decision(Verdict.DENY, denial.reason, request.call.arguments, denial.rule)
