"""Bounds on numbers: the manifest's limits and the policy's own on top of them."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.units import factor
from nemotron_agent.safety.asked_call import AskedCall, Denial
from nemotron_agent.safety.policy_file import Bound
from nemotron_agent.safety.skill_traits import Limit, SkillTraits

MANIFEST_RULE = 'limits of {skill}'


@dataclasses.dataclass(frozen=True)
class Clamped:
    """A call after the bounds: with numbers moved, and by which rules and why; or none."""

    call: AskedCall
    rules: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


class Bounds:
    """Bounds on arguments and on fields of the request."""

    def __init__(self, rules: Sequence[Bound]) -> None:
        self._rules = rules

    def apply(self, call: AskedCall) -> Clamped | Denial:
        """Move numbers into their bounds where a rule says so; deny what is outside otherwise."""
        clamped = Clamped(call)
        limits = self._limits(call)
        # What one bound moves may be outside another one: none clamps in the second round.
        firm = [(rule, name, limit.without_clamping) for rule, name, limit in limits]
        for rule, argument, limit in [*limits, *firm]:
            value = clamped.call.complete_arguments.get(argument)
            outside = _outside(rule, argument, value, limit, call.skill.units.get(argument, ''))
            if isinstance(outside, Denial):
                return outside
            if outside is not None:
                clamped = _with(clamped, rule, argument, *outside)
        return self._field_denial(clamped.call) or clamped

    def _limits(self, call: AskedCall) -> list[tuple[str, str, Limit]]:
        """All bounds on the call's arguments, in the arguments' units."""
        skill = call.skill
        rule = MANIFEST_RULE.format(skill=skill.name)
        found = [(rule, name, limit) for name, limit in skill.limits.items()]
        for bound in self._rules:
            argument = bound.argument
            if argument is not None and argument in skill.units and call.is_of(bound):
                found.append((bound.rule, argument, _in_unit_of(bound, skill, argument)))
        return found

    def _field_denial(self, call: AskedCall) -> Denial | None:
        fields: Mapping[str, Any] | None = None
        for rule in self._rules:
            if rule.field is None or not call.is_of(rule):
                continue
            fields = call.skill.fill(call.arguments) if fields is None else fields
            limit = Limit(rule.minimum, rule.maximum)
            outside = _outside(rule.rule, rule.field, fields.get(rule.field), limit, '')
            if isinstance(outside, Denial):
                return outside
        return None


def _in_unit_of(bound: Bound, skill: SkillTraits, argument: str) -> Limit:
    own = skill.units[argument]
    scale = factor(bound.unit or own, own)
    if scale is None:
        raise ValueError(f'{bound.unit} does not convert to {own}')
    low, high = bound.minimum, bound.maximum
    return Limit(
        None if low is None else low * scale,
        None if high is None else high * scale,
        bound.outside == 'clamp',
    )


def _outside(
    rule: str, name: str, value: Any, limit: Limit, unit: str
) -> Denial | tuple[float, str] | None:
    """Deny a value that is outside, or give the nearest that is not; None if it is inside."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Denial(rule, f'{name} has no number, so its bounds cannot be checked')
    low, high = limit.minimum, limit.maximum
    if low is not None and not value >= low:
        bound, text = low, 'under the least allowed'
    elif high is not None and not value <= high:
        bound, text = high, 'over the most allowed'
    else:
        return None
    reason = f'{name} {_number(value)} is {text}, {_number(bound)}{unit and f" {unit}"}'
    return (bound, f'{reason}, and was set to that') if limit.clamps else Denial(rule, reason)


def _with(clamped: Clamped, rule: str, argument: str, value: float, reason: str) -> Clamped:
    call = clamped.call
    whole = isinstance(call.complete_arguments[argument], int) and float(value).is_integer()
    arguments = {**call.arguments, argument: int(value) if whole else value}
    return Clamped(
        dataclasses.replace(call, arguments=arguments),
        (*clamped.rules, rule),
        (*clamped.reasons, reason),
    )


def _number(value: float) -> str:
    return f'{value:g}' if isinstance(value, float) else str(value)
