"""A policy for those who test something else."""

from collections.abc import Collection

from nemotron_agent.core.gate import CallRequest, Decision, Verdict


class OpenPolicy:
    """A `CallPolicy` that allows everything to everybody.

    Args:
        confirmed: skills that an operator must confirm.
    """

    def __init__(self, confirmed: Collection[str] = ()) -> None:
        self._confirmed = confirmed

    def decide(self, request: CallRequest) -> Decision:
        """Allow it, or have it confirmed."""
        asks = request.call.name in self._confirmed
        verdict = Verdict.CONFIRM if asks else Verdict.ALLOW
        reason = 'the skill is confirmed each time' if asks else ''
        return Decision(verdict, reason, request.call.arguments, 'open')

    def recheck(self, request: CallRequest, decision: Decision) -> Decision:
        """Stay with it."""
        return decision
