"""Who may call what: nothing but what a rule allows."""

from collections.abc import Sequence

from nemotron_agent.safety.asked_call import AskedCall, Denial
from nemotron_agent.safety.policy_file import Permission, PolicyFile
from nemotron_agent.safety.rule_scope import covers_skill, matches


class Permissions:
    """The rules of `allow` and `deny`.

    A name that a sender gives itself can only take rights away, unless its road is trusted: it
    counts for `deny`, and for `allow` the road does.
    """

    def __init__(self, file: PolicyFile) -> None:
        self._allow: Sequence[Permission] = file.allow
        self._deny: Sequence[Permission] = file.deny
        self._trusted = frozenset[str](file.trusted_names_on)

    def grant(self, call: AskedCall) -> str | Denial:
        """Give the name of the rule that allows a call, or what denies it."""
        # The road alone: a name is text of others, and the model reads this.
        what = f'{call.skill.name} for {call.origin.road}'
        for rule in self._deny:
            if call.is_of(rule):
                return Denial(rule.rule, f'the policy forbids {what}')
        for rule in self._allow:
            if covers_skill(rule, call.skill) and self._allows_origin(rule, call):
                return rule.rule
        return Denial('deny_by_default', f'the policy does not allow {what}')

    def _allows_origin(self, rule: Permission, call: AskedCall) -> bool:
        origin = call.origin
        known = [origin.road]
        if origin.road in self._trusted:
            known.append(str(origin))
        return any(matches(pattern, text) for pattern in rule.origins for text in known)
