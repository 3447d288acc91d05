"""How long to wait for what."""

import dataclasses
import time
from collections.abc import Callable

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.tool import Outcome

POLL_SEC = 0.1


@dataclasses.dataclass(frozen=True)
class WaitLimits:
    """How long a skill waits for its server, all in seconds.

    Attributes:
        server_sec: to be there.
        answer_sec: to accept or reject a goal.
        cancel_sec: to end a goal it was asked to cancel.
        absence_sec: that it may be missing from the graph in mid-goal.
    """

    server_sec: float = 2.0
    answer_sec: float = 5.0
    cancel_sec: float = 5.0
    absence_sec: float = 1.0


def wait_until(
    condition: Callable[[], bool], timeout_sec: float, stop: Callable[[], bool] = lambda: False
) -> bool:
    """Poll a condition of the graph until it holds, time is over or `stop`; return it."""
    end = time.monotonic() + timeout_sec
    while not condition():
        if stop() or time.monotonic() >= end:
            return False
        time.sleep(0.02)
    return True


def early_end(cancel: CancelToken) -> tuple[Outcome, str]:
    """Outcome and word for a run that was told to end."""
    if cancel.reason is CancelReason.TIMED_OUT:
        return Outcome.TIMED_OUT, 'ran out of time'
    if cancel.reason is CancelReason.STOPPED:
        return Outcome.CANCELED, 'was stopped'
    return Outcome.CANCELED, 'was canceled'
