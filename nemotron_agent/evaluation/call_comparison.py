"""Compares the calls of a task with those of the same task run again."""

import dataclasses
import enum
from collections.abc import Sequence
from typing import Any

from nemotron_agent.core.messages import ToolCall


class Difference(enum.Enum):
    """How a call differs."""

    SAME = 'same'
    ARGUMENTS = 'different arguments'
    MISSING = 'missing'
    EXTRA = 'extra'


@dataclasses.dataclass(frozen=True)
class ComparedCall:
    """A call then and now; one of them is None where the other has no counterpart."""

    difference: Difference
    then: ToolCall | None
    now: ToolCall | None

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            'difference': self.difference.value,
            'then': _values(self.then),
            'now': _values(self.now),
        }


def compare_calls(then: Sequence[ToolCall], now: Sequence[ToolCall]) -> list[ComparedCall]:
    """Pair calls in their order, so that as few as can be differ (an edit distance)."""
    # Of the calls from a and from b on: how many differ, at best.
    costs = [[len(now) - b for b in range(len(now) + 1)] for _ in range(len(then) + 1)]
    for a in range(len(then) - 1, -1, -1):
        costs[a][len(now)] = len(then) - a
        for b in range(len(now) - 1, -1, -1):
            apart = 1 + min(costs[a + 1][b], costs[a][b + 1])
            paired = _difference(then[a], now[b])
            together = costs[a + 1][b + 1] + (paired is Difference.ARGUMENTS)
            costs[a][b] = apart if paired is None else min(together, apart)
    compared = []
    a = b = 0
    while a < len(then) or b < len(now):
        paired = _difference(then[a], now[b]) if a < len(then) and b < len(now) else None
        if paired and costs[a][b] == costs[a + 1][b + 1] + (paired is Difference.ARGUMENTS):
            compared.append(ComparedCall(paired, then[a], now[b]))
            a, b = a + 1, b + 1
        elif a < len(then) and costs[a][b] == 1 + costs[a + 1][b]:
            compared.append(ComparedCall(Difference.MISSING, then[a], None))
            a += 1
        else:
            compared.append(ComparedCall(Difference.EXTRA, None, now[b]))
            b += 1
    return compared


def _difference(then: ToolCall, now: ToolCall) -> Difference | None:
    """How two calls differ that may be one; None if they may not."""
    if then.name != now.name:
        return None
    return Difference.SAME if then.is_same_as(now) else Difference.ARGUMENTS


def _values(call: ToolCall | None) -> dict[str, Any] | None:
    return None if call is None else {'tool': call.name, 'arguments': dict(call.arguments)}
