"""What must be true of the robot before it may do something."""

import math
from collections.abc import Sequence

from nemotron_agent.core.fact import Facts
from nemotron_agent.core.problems import shown
from nemotron_agent.safety.asked_call import AskedCall, Denial
from nemotron_agent.safety.fact_check import fresh_fact
from nemotron_agent.safety.policy_file import Precondition


class Preconditions:
    """Compares facts with what the policy wants of them."""

    def __init__(self, rules: Sequence[Precondition], facts: Facts) -> None:
        self._rules = rules
        self._facts = facts

    def denial(self, call: AskedCall) -> Denial | None:
        """Say which precondition does not hold; None if all do."""
        return next(
            filter(None, (self._of_rule(rule) for rule in self._rules if call.is_of(rule))), None
        )

    def _of_rule(self, rule: Precondition) -> Denial | None:
        fact = fresh_fact(self._facts, rule.fact, rule.max_age_sec, rule.rule)
        if isinstance(fact, Denial):
            return fact
        value = fact.value
        if rule.equals is not None:
            is_same = type(value) is type(rule.equals) or _are_numbers(value, rule.equals)
            if is_same and value == rule.equals:
                return None
            wanted = shown(rule.equals)
            return Denial(rule.rule, f'the {rule.fact} is {shown(value)} and must be {wanted}')
        if not _are_numbers(value) or not math.isfinite(value):
            return Denial(rule.rule, f'the {rule.fact} is {shown(value)}, which is no number')
        if rule.minimum is not None and value < rule.minimum:
            return Denial(
                rule.rule, f'the {rule.fact} is {value:g} and must be {rule.minimum:g} at least'
            )
        if rule.maximum is not None and value > rule.maximum:
            return Denial(
                rule.rule, f'the {rule.fact} is {value:g} and must be {rule.maximum:g} at most'
            )
        return None


def _are_numbers(*values: object) -> bool:
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
