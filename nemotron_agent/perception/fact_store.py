"""The latest of each fact."""

import threading
import time
from typing import Any

from nemotron_agent.core.fact import Fact


class FactStore:
    """Keeps the latest value of each fact; implements the core's `Facts`. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: dict[str, tuple[Any, str, float]] = {}

    def put(self, name: str, value: Any, *, age_sec: float = 0.0, frame: str = '') -> None:
        """Take a value that was so `age_sec` ago; see `Fact`."""
        since = time.monotonic() - max(0.0, age_sec)
        with self._lock:
            self._facts[name] = (value, frame, since)

    def look_up(self, name: str) -> Fact | None:
        """See `Facts`."""
        with self._lock:
            known = self._facts.get(name)
        if known is None:
            return None
        value, frame, since = known
        return Fact(value, time.monotonic() - since, frame)
