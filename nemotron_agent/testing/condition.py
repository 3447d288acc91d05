"""Waits for what nobody tells of."""

import time
from collections.abc import Callable
from typing import Any


def wait_for(condition: Callable[[], Any], timeout_sec: float = 10.0) -> Any:
    """Wait until a condition is true and return what it gave.

    Raises:
        TimeoutError: it never was.
    """
    end = time.monotonic() + timeout_sec
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f'nothing came of it in {timeout_sec} s: {condition}')
        time.sleep(0.01)
    return found
