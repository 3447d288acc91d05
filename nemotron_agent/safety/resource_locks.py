"""Who uses which part of the robot."""

import dataclasses
import itertools
import threading
import time
from collections.abc import Iterable

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.core.gate import CallRequest, RequestObserver
from nemotron_agent.core.tool import RequestState
from nemotron_agent.safety.resource_policy import ResourcePolicy


class ReleaseError(NemotronAgentError):
    """A resource that an operator cannot release."""


@dataclasses.dataclass(frozen=True)
class LockedResource:
    """A resource that stays locked: it is not known whether the robot still uses it.

    Attributes:
        skill: whose run ended so.
        text: what was said of its end.
        locked_at: when that was, by `time.monotonic`.
    """

    resource: str
    skill: str
    request_id: str
    text: str
    locked_at: float


class ResourceLocks:
    """Holders of named resources, such as `base`, and those who wait for them. Thread-safe.

    A request takes all it needs or nothing, and waits without holding anything, so that no two
    can wait for one another. Among those who want the same the one of highest priority goes
    first, the oldest among equals. What a run that ended UNKNOWN held stays locked until its end
    is known or an operator releases it; who wants that is refused, as nobody can say for how long.

    Args:
        policy: what happens when a resource is in use.

    Attributes:
        policy: as given; another one is for the requests to come.
    """

    def __init__(self, policy: ResourcePolicy = ResourcePolicy()) -> None:  # noqa: B008 (frozen)
        self.policy = policy
        self._changed = threading.Condition()
        self._order = itertools.count()
        self._holders: dict[str, _Claim] = {}
        self._waiting: list[_Claim] = []

    @property
    def locked(self) -> tuple[LockedResource, ...]:
        """What stays locked after a run that ended UNKNOWN."""
        with self._changed:
            return tuple(
                LockedResource(
                    resource,
                    claim.skill,
                    claim.request.request_id,
                    claim.unknown_text,
                    claim.locked_at,
                )
                for resource, claim in self._holders.items()
                if claim.is_unknown
            )

    @property
    def in_use(self) -> dict[str, str]:
        """The skill that uses each resource that is in use."""
        with self._changed:
            return {resource: claim.skill for resource, claim in self._holders.items()}

    def take(
        self, request: CallRequest, cancel: CancelToken, observer: RequestObserver
    ) -> str | None:
        """Take all the request needs; return why not, or None if it has them.

        It waits in the caller's thread, and tells `observer` for what. It may cancel whoever is
        in the way (CancelReason.PREEMPTED).
        """
        claim = _Claim(request, frozenset(request.resources), cancel, next(self._order))
        if not claim.wanted:
            return None
        undo = cancel.on_cancel(self._wake)
        try:
            with self._changed:
                refusal = self._refusal(claim)
                if refusal is not None:
                    return refusal
                self._waiting.append(claim)
            return self._wait(claim, observer)
        finally:
            undo()
            with self._changed:
                if claim in self._waiting:
                    self._waiting.remove(claim)
                self._changed.notify_all()

    def give_back(self, request: CallRequest) -> None:
        """Give back what a request took, except what its unknown end keeps locked."""
        with self._changed:
            for claim in {c for c in self._holders.values() if c.request_id == request.request_id}:
                claim.has_left = True
                if not claim.is_unknown:
                    self._drop(claim)

    def observe(self, request: CallRequest, state: RequestState, text: str) -> None:
        """Lock what a request holds from the state UNKNOWN to the next one."""
        with self._changed:
            for claim in {c for c in self._holders.values() if c.request_id == request.request_id}:
                if state is RequestState.UNKNOWN:
                    claim.unknown_text = text
                    claim.locked_at = time.monotonic()
                    claim.is_unknown = True
                    self._changed.notify_all()
                elif claim.is_unknown:
                    claim.is_unknown = False
                    if claim.has_left:
                        self._drop(claim)

    def release(self, resource: str) -> LockedResource:
        """Free one resource that a run which ended UNKNOWN keeps locked.

        Raises:
            ReleaseError: it is not locked in that way.
        """
        with self._changed:
            locked = {lock.resource: lock for lock in self.locked}
            if resource in locked:
                del self._holders[resource]
                self._changed.notify_all()
                return locked[resource]
            holder = self._holders.get(resource)
        if holder is not None:
            raise ReleaseError(f'the {resource} is in use by {holder.skill}: cancel that first')
        names = ', '.join(locked) or 'none'
        raise ReleaseError(f'the resource "{resource}" is not locked; locked are: {names}')

    def _wait(self, claim: '_Claim', observer: RequestObserver) -> str | None:
        deadline = time.monotonic() + min(
            self.policy.rules(resource).wait_sec for resource in claim.wanted
        )
        is_told = False
        while True:
            with self._changed:
                if claim.cancel.canceled:
                    return 'it was canceled while it waited'
                rivals = self._rivals(claim)
                if not rivals:
                    self._waiting.remove(claim)
                    self._holders.update(dict.fromkeys(claim.wanted, claim))
                    return None
                refusal = self._locked_text(claim)
                if refusal is not None:
                    return refusal
                preempted = self._to_preempt(claim)
                left_sec = deadline - time.monotonic()
                if left_sec <= 0.0:
                    return self._busy_text(claim, rivals)
                if is_told and not preempted:
                    self._changed.wait(left_sec)
                    continue
                told = f'waits: {self._busy_text(claim, rivals)}'
            # A cancel runs callbacks that are not ours: not under the lock.
            if not is_told:
                is_told = True
                observer(claim.request, RequestState.PENDING, told)
            for holder in preempted:
                holder.cancel.cancel(CancelReason.PREEMPTED)

    def _refusal(self, claim: '_Claim') -> str | None:
        """Why a new claim may not even wait, if it may not; the lock is held."""
        locked = self._locked_text(claim)
        rivals = self._rivals(claim)
        if locked is not None or not rivals:
            return locked
        for rival in rivals:
            outranks = claim.request.priority > rival.request.priority
            for resource in claim.wanted & rival.wanted:
                rules = self.policy.rules(resource)
                if (rules.higher_priority if outranks else rules.same_or_lower) == 'reject':
                    return self._busy_text(claim, rivals)
        if len(self._waiting) >= self.policy.max_waiting:
            return f'{len(self._waiting)} requests wait for resources already'
        return None

    def _rivals(self, claim: '_Claim') -> list['_Claim']:
        """Who goes before: holders, and those of a better rank who wait; the lock is held."""
        holders = {id(c): c for name, c in self._holders.items() if name in claim.wanted}
        waiting = [
            other
            for other in self._waiting
            if other.rank < claim.rank and other.wanted & claim.wanted
        ]
        return [*holders.values(), *waiting]

    def _to_preempt(self, claim: '_Claim') -> list['_Claim']:
        """Holders to cancel: all that are in the way, if all give way; the lock is held."""
        holders = []
        for resource in claim.wanted:
            holder = self._holders.get(resource)
            if holder is None:
                continue
            outranks = claim.request.priority > holder.request.priority
            if not outranks or self.policy.rules(resource).higher_priority != 'preempt':
                return []
            holders.append(holder)
        return [holder for holder in holders if not holder.cancel.canceled]

    def _locked_text(self, claim: '_Claim') -> str | None:
        for resource in sorted(claim.wanted):
            holder = self._holders.get(resource)
            if holder is not None and holder.is_unknown:
                return (
                    f'the {resource} is locked: {holder.skill} was told to end and the robot did '
                    'not confirm it, so it may still be moving; an operator can release it'
                )
        return None

    def _busy_text(self, claim: '_Claim', rivals: Iterable['_Claim']) -> str:
        rival = next(iter(rivals))
        resource = min(claim.wanted & rival.wanted)
        return f'the {resource} is in use by {rival.skill}; try again when it is done'

    def _drop(self, claim: '_Claim') -> None:
        """Take a claim's resources from it; the lock is held."""
        self._holders = {name: c for name, c in self._holders.items() if c is not claim}
        self._changed.notify_all()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


@dataclasses.dataclass(eq=False)
class _Claim:
    """A request that holds its resources or waits for them."""

    request: CallRequest
    wanted: frozenset[str]
    cancel: CancelToken
    order: int
    has_left: bool = False
    is_unknown: bool = False
    unknown_text: str = ''
    locked_at: float = 0.0

    @property
    def request_id(self) -> str:
        return self.request.request_id

    @property
    def skill(self) -> str:
        return self.request.call.name

    @property
    def rank(self) -> tuple[int, int]:
        """Place among those who wait: smaller goes first."""
        return (-self.request.priority, self.order)
