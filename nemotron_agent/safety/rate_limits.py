"""How often something may be asked for: sliding windows."""

import collections
import threading
import time
from collections.abc import Sequence

from nemotron_agent.safety.asked_call import AskedCall, Denial
from nemotron_agent.safety.policy_file import Rate


class RateLimits:
    """Counts calls that pass, for each rule, skill and origin apart. Thread-safe.

    Names are counted apart only on trusted roads: anybody could take a new one for each call.
    """

    def __init__(self, rules: Sequence[Rate], trusted_names_on: Sequence[str] = ()) -> None:
        self._rules = rules
        self._trusted = frozenset(trusted_names_on)
        self._lock = threading.Lock()
        self._passed: dict[tuple[str, str, str], collections.deque[float]] = {}

    def denial(self, call: AskedCall) -> Denial | None:
        """Count a call, or say which limit it is over; one that is over counts nowhere."""
        rules = [rule for rule in self._rules if call.is_of(rule)]
        origin = call.origin
        who = str(origin) if origin.road in self._trusted else origin.road
        with self._lock:
            now = time.monotonic()
            windows = [self._window(rule, call.skill.name, who, now) for rule in rules]
            for rule, window in zip(rules, windows, strict=True):
                if len(window) >= rule.times:
                    wait_sec = rule.per_sec - (now - window[0])
                    return Denial(
                        rule.rule,
                        f'{call.skill.name} was called {rule.times} times in '
                        f'{rule.per_sec:g} s; wait {wait_sec:.1f} s',
                    )
            for window in windows:
                window.append(now)
        return None

    def _window(self, rule: Rate, skill: str, who: str, now: float) -> collections.deque[float]:
        window = self._passed.setdefault((rule.rule, skill, who), collections.deque())
        while window and now - window[0] >= rule.per_sec:
            window.popleft()
        return window
