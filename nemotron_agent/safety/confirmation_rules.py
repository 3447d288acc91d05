"""Which calls an operator must confirm."""

from collections.abc import Sequence

from nemotron_agent.core.units import factor
from nemotron_agent.safety.asked_call import AskedCall
from nemotron_agent.safety.policy_file import Confirmation

MANIFEST_RULE = 'confirm of {skill}'


class ConfirmationRules:
    """The policy's rules; where none is about a call, the manifest's `confirm`."""

    def __init__(self, rules: Sequence[Confirmation]) -> None:
        self._rules = rules

    def rule_for(self, call: AskedCall) -> tuple[str, str] | None:
        """Give the rule that wants a confirmation, and why; None if none does."""
        for rule in self._rules:
            if not call.is_of(rule) or not _is_above(rule, call):
                continue
            if rule.confirm == 'never':
                return None
            what = call.skill.name
            if rule.argument is not None:
                value = call.complete_arguments.get(rule.argument)
                what += f' with {rule.argument} {value}'
            return rule.rule, f'{what} needs an operator to confirm it'
        if call.skill.must_confirm:
            rule_name = MANIFEST_RULE.format(skill=call.skill.name)
            return rule_name, f'{call.skill.name} needs an operator to confirm it'
        return None


def _is_above(rule: Confirmation, call: AskedCall) -> bool:
    """Whether a call is one that the rule is about; in doubt it is one to confirm."""
    if rule.argument is None or rule.above is None:
        return True
    own = call.skill.units.get(rule.argument)
    if own is None:
        return False
    scale = factor(rule.unit or own, own)
    value = call.complete_arguments.get(rule.argument)
    if scale is None or isinstance(value, bool) or not isinstance(value, int | float):
        return rule.confirm == 'always'
    return not abs(value) <= rule.above * scale
