"""The gate: every call of a skill passes it, whoever asks."""

import contextlib
from collections.abc import Iterator

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.gate import CallRequest, Decision, Verdict
from nemotron_agent.safety.resource_locks import ResourceLocks


class SafetyGate:
    """Allows a declared skill with checked arguments while the resources it needs are free.

    Implements the core's `Gate`. The agent's registry asks it before each run, and holds its
    decision for as long as the run lasts.
    """

    def __init__(self) -> None:
        self._locks = ResourceLocks()

    @contextlib.contextmanager
    def admit(self, request: CallRequest, cancel: CancelToken) -> Iterator[Decision]:
        """Decide on a request, and keep its resources until the context ends."""
        if not request.origin:
            yield _denied(request, 'nobody is named as its origin')
            return
        taken = self._locks.take(request.resources, request.call.name)
        if taken is not None:
            resource, holder = taken
            yield _denied(
                request, f'the {resource} is in use by {holder}; try again when it is done'
            )
            return
        try:
            yield Decision(Verdict.ALLOW, '', request.call.arguments)
        finally:
            self._locks.give_back(request.resources)


def _denied(request: CallRequest, reason: str) -> Decision:
    return Decision(Verdict.DENY, reason, request.call.arguments)
