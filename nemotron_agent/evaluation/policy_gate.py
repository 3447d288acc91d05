"""A gate that refuses, besides what the real one refuses, what a suite says policy refuses."""

import contextlib
from collections.abc import Iterator, Sequence

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.gate import CallRequest, Decision, Gate, Verdict
from nemotron_agent.evaluation.case import Denial


class PolicyGate:
    """A `Gate` around another one."""

    def __init__(self, gate: Gate, denials: Sequence[Denial]) -> None:
        self._gate = gate
        self._denials = denials

    @contextlib.contextmanager
    def admit(self, request: CallRequest, cancel: CancelToken) -> Iterator[Decision]:
        """Refuse by the first rule that fits; else ask the other gate."""
        arguments = request.call.arguments
        for denial in self._denials:
            if denial.tool == request.call.name and all(
                name in arguments and matcher.matches(arguments[name])
                for name, matcher in denial.arguments.items()
            ):
                yield Decision(Verdict.DENY, denial.reason, arguments)
                return
        with self._gate.admit(request, cancel) as decision:
            yield decision
