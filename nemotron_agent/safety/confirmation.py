"""Requests that wait until an operator has confirmed them."""

import collections
import dataclasses
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.core.gate import CallRequest, RequestObserver
from nemotron_agent.core.origin import Origin
from nemotron_agent.core.tool import RequestState

MAX_WAITING = 16
MAX_REMEMBERED = 256
SHORT_ID = 8


class ConfirmationError(NemotronAgentError):
    """An answer that is not taken; the request goes on waiting if there is one."""


@dataclasses.dataclass(frozen=True)
class Answer:
    """What came of asking.

    Attributes:
        approved: an operator confirmed it.
        text: for people, who did what.
        operator_id: who decided; empty where nobody did.
        arguments: what was confirmed, value for value.
    """

    approved: bool
    text: str
    operator_id: str = ''
    arguments: Mapping[str, Any] = dataclasses.field(default_factory=dict)


AnswerSink = Callable[[CallRequest, Answer], None]


def ignore_answer(request: CallRequest, answer: Answer) -> None:
    """Note nothing."""


class Confirmations:
    """Asks operators; each request is answered once, by its id. Thread-safe.

    Args:
        timeout_sec: after this a request that nobody answered is denied [s].
        by_another: whether who asked for a thing may not confirm it.
        max_waiting: requests that may wait at once.
        on_answer: told of each end, before the request may run; raises if it cannot be noted.
    """

    def __init__(
        self,
        timeout_sec: float = 60.0,
        *,
        by_another: bool = False,
        max_waiting: int = MAX_WAITING,
        on_answer: AnswerSink = ignore_answer,
    ) -> None:
        self._timeout_sec = timeout_sec
        self._by_another = by_another
        self._max_waiting = max_waiting
        self._on_answer = on_answer
        self._lock = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._ended: collections.OrderedDict[str, str] = collections.OrderedDict()

    @property
    def waiting(self) -> tuple[CallRequest, ...]:
        """What waits, the oldest first."""
        with self._lock:
            return tuple(waiting.request for waiting in self._waiting.values())

    def ask(
        self, request: CallRequest, reason: str, cancel: CancelToken, observer: RequestObserver
    ) -> Answer:
        """Wait for an operator's word, in the caller's thread.

        Args:
            request: with the arguments that are to run.
            reason: why it needs a confirmation.
            cancel: ends the waiting.
            observer: told that it waits, with a summary for people.
        """
        request = dataclasses.replace(request, expires_in_sec=self._timeout_sec)
        try:
            asked_for = request.canonical_json
        except (TypeError, ValueError):
            return Answer(False, 'its arguments are no JSON, so that nobody can confirm them')
        waiting = _Waiting(request, time.monotonic() + self._timeout_sec)
        with self._lock:
            if len(self._waiting) >= self._max_waiting:
                return Answer(
                    False, f'{self._max_waiting} requests wait for a confirmation already'
                )
            self._waiting[request.request_id] = waiting
        undo = cancel.on_cancel(waiting.decided.set)
        try:
            observer(request, RequestState.CONFIRM, summary(request, reason))
            waiting.decided.wait(waiting.expires_at - time.monotonic())
        finally:
            undo()
            with self._lock:
                answer = self._end(waiting, cancel)
        if answer.approved:
            arguments = json.loads(asked_for)['arguments']
            answer = dataclasses.replace(answer, arguments=arguments)
        self._on_answer(request, answer)
        return answer

    def answer(
        self, request_id: str, approve: bool, operator_id: str, arguments_hash: str = ''
    ) -> None:
        """Approve or deny a waiting request.

        Args:
            request_id: as published.
            approve: False denies it.
            operator_id: who decides.
            arguments_hash: as published; empty confirms whatever waits under the id.

        Raises:
            ConfirmationError: none waits under the id, or this is no answer to it.
        """
        if not operator_id.strip():
            raise ConfirmationError('nobody is named: say in operator_id who decides')
        with self._lock:
            waiting = self._waiting.get(request_id)
            if waiting is None:
                raise ConfirmationError(self._why_not(request_id))
            if waiting.answer is not None:
                raise ConfirmationError(f'request {request_id}: {waiting.answer.text} already')
            if time.monotonic() > waiting.expires_at:
                raise ConfirmationError(f'request {request_id} has expired: ask for it anew')
            if arguments_hash and arguments_hash != waiting.request.arguments_hash:
                raise ConfirmationError(
                    f'request {request_id} is for other arguments: its hash is '
                    f'{waiting.request.arguments_hash}'
                )
            asked_by = (waiting.request.origin, Origin.parse(waiting.request.origin).name)
            if approve and self._by_another and operator_id in asked_by:
                raise ConfirmationError(
                    f'{operator_id} asked for request {request_id}: somebody else must confirm it'
                )
            word = 'confirmed' if approve else 'denied'
            waiting.answer = Answer(approve, f'{operator_id} {word} it', operator_id)
        waiting.decided.set()

    def _end(self, waiting: '_Waiting', cancel: CancelToken) -> Answer:
        """Take a request out; a cancel outweighs an approval. The lock is held."""
        request_id = waiting.request.request_id
        answer = waiting.answer
        if cancel.canceled:
            answer = Answer(False, 'it was canceled while it waited for a confirmation')
        elif answer is None:
            answer = Answer(False, f'nobody confirmed it in {self._timeout_sec:g} s')
        del self._waiting[request_id]
        self._ended[request_id] = answer.text
        while len(self._ended) > MAX_REMEMBERED:
            self._ended.popitem(last=False)
        return answer

    def _why_not(self, request_id: str) -> str:
        ended = self._ended.get(request_id)
        if ended is not None:
            return f'request {request_id} waits no more: {ended}'
        return f'no request {request_id!r} waits for a confirmation'


@dataclasses.dataclass
class _Waiting:
    request: CallRequest
    expires_at: float
    decided: threading.Event = dataclasses.field(default_factory=threading.Event)
    answer: Answer | None = None


def summary(request: CallRequest, reason: str) -> str:
    """Say for people what waits: skill, arguments with units, who asks, why, and its id."""
    values = (
        f'{name} {_in_words(value)}{_unit(request, name)}'
        for name, value in request.call.arguments.items()
    )
    arguments = ', '.join(values)
    whole = f'{request.call.name} with {arguments}' if arguments else request.call.name
    why = f'; {reason}' if reason else ''
    return f'{request.origin} asks for {whole}{why} (request {request.request_id[:SHORT_ID]})'


def _in_words(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _unit(request: CallRequest, name: str) -> str:
    unit = request.units.get(name, '')
    return f' {unit}' if unit else ''
