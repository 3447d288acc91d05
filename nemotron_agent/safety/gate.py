"""The gate: every call of a skill passes it, whoever asks."""

import contextlib
import dataclasses
import logging
from collections.abc import Callable, Iterator
from typing import Protocol

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.gate import (
    CallRequest,
    Decision,
    RequestObserver,
    Verdict,
    ignore_request,
)
from nemotron_agent.core.tool import RequestState
from nemotron_agent.safety.confirmation import Confirmations
from nemotron_agent.safety.resource_locks import ResourceLocks
from nemotron_agent.safety.stop_latch import Stop, StopLatch

logger = logging.getLogger(__name__)


class CallPolicy(Protocol):
    """Says who may do what, by request and robot alone."""

    def decide(self, request: CallRequest) -> Decision:
        """Decide on a request; returns at once, and denies what cannot be checked."""

    def recheck(self, request: CallRequest, decision: Decision) -> Decision:
        """Look again at how the robot is, for a request that passed and then had to wait."""


class VerdictRecord(Protocol):
    """Keeps verdicts."""

    def verdict(self, request: CallRequest, decision: Decision, cancel: CancelToken) -> Decision:
        """Write a verdict before anything moves; return it, or a denial if it must be written."""


class SafetyGate:
    """Allows what the policy and, where it asks one, an operator allow, once resources are free.

    Implements the core's `Gate`. The agent's registry asks it before each run, and holds its
    decision for as long as the run lasts.

    Args:
        policy: who may do what.
        confirmations: where requests wait for an operator.
        resources: who uses which part of the robot.
        stop: while it holds, only what reads passes.
        record: where each verdict is written before anything moves; None writes none.
    """

    def __init__(
        self,
        policy: CallPolicy,
        confirmations: Confirmations | None = None,
        resources: ResourceLocks | None = None,
        stop: StopLatch | None = None,
        record: VerdictRecord | None = None,
    ) -> None:
        self._stop = stop or StopLatch()
        self._policy = policy
        self._record = record
        self.confirmations = confirmations or Confirmations()
        self.resources = resources or ResourceLocks()

    @contextlib.contextmanager
    def admit(
        self,
        request: CallRequest,
        cancel: CancelToken,
        observer: RequestObserver = ignore_request,
    ) -> Iterator[Decision]:
        """Decide on a request, and keep its resources until the context ends."""
        with self._stop.watch(cancel) as stop:
            decision = _or_denied(request, lambda: self._judge(request, stop, cancel, observer))
            record = self._record
            if record is not None:
                judged = decision
                decision = _or_denied(request, lambda: record.verdict(request, judged, cancel))
            try:
                yield decision
            finally:
                self.resources.give_back(request)

    def observe(self, request: CallRequest, state: RequestState, text: str) -> None:
        """Take a state of a request it admitted."""
        self.resources.observe(request, state, text)

    def _judge(
        self,
        request: CallRequest,
        stop: Stop | None,
        cancel: CancelToken,
        observer: RequestObserver,
    ) -> Decision:
        """Take the steps in order; a request that is allowed holds its resources then."""
        if stop is not None and not request.reads:
            return _stopped(request, stop)
        decision = self._policy.decide(request)
        if decision.verdict is Verdict.CONFIRM:
            decision = self._confirmed(request, decision, cancel, observer)
        if decision.verdict not in (Verdict.ALLOW, Verdict.CLAMP):
            return decision
        refusal = self.resources.take(request.with_arguments(decision.arguments), cancel, observer)
        if refusal is not None:
            return dataclasses.replace(_refused(decision, refusal, cancel), rule='resources')
        return self._policy.recheck(request, decision)

    def _confirmed(
        self,
        request: CallRequest,
        decision: Decision,
        cancel: CancelToken,
        observer: RequestObserver,
    ) -> Decision:
        """What an operator makes of the verdict CONFIRM."""
        asked = request.with_arguments(decision.arguments)
        answer = self.confirmations.ask(asked, decision.reason, cancel, observer)
        if not answer.approved:
            return _refused(decision, answer.text, cancel)
        return dataclasses.replace(
            decision, verdict=Verdict.ALLOW, reason=answer.text, arguments=answer.arguments
        )


def _or_denied(request: CallRequest, step: Callable[[], Decision]) -> Decision:
    """Take a step; deny if it fails."""
    try:
        return step()
    except Exception as error:
        logger.exception('the gate failed on %s', request.call.name)
        reason = f'the gate could not decide: {error}'
        return Decision(Verdict.DENY, reason, request.call.arguments, 'gate')


def _stopped(request: CallRequest, stop: Stop) -> Decision:
    reason = f'the robot is {stop}; nothing moves until its release'
    return Decision(Verdict.DENY, reason, request.call.arguments, 'stop')


def _refused(decision: Decision, reason: str, cancel: CancelToken) -> Decision:
    verdict = Verdict.NONE if cancel.canceled else Verdict.DENY
    return dataclasses.replace(decision, verdict=verdict, reason=reason)
