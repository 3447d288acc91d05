"""A gate that refuses, besides what the real one refuses, what a suite says policy refuses."""

import contextlib
from collections.abc import Iterator, Sequence

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.gate import (
    CallRequest,
    Decision,
    Gate,
    RequestObserver,
    Verdict,
    ignore_request,
)
from nemotron_agent.core.tool import RequestState
from nemotron_agent.evaluation.case import Denial


class PolicyGate:
    """A `Gate` around another one."""

    def __init__(self, gate: Gate, denials: Sequence[Denial]) -> None:
        self._gate = gate
        self._denials = denials

    @contextlib.contextmanager
    def admit(
        self,
        request: CallRequest,
        cancel: CancelToken,
        observer: RequestObserver = ignore_request,
    ) -> Iterator[Decision]:
        """Refuse by the first rule that fits; else ask the other gate."""
        arguments = request.call.arguments
        for denial in self._denials:
            if denial.tool == request.call.name and all(
                name in arguments and matcher.matches(arguments[name])
                for name, matcher in denial.arguments.items()
            ):
                yield Decision(Verdict.DENY, denial.reason, arguments)
                return
        with self._gate.admit(request, cancel, observer) as decision:
            yield decision

    def observe(self, request: CallRequest, state: RequestState, text: str) -> None:
        """Hand it on."""
        self._gate.observe(request, state, text)
