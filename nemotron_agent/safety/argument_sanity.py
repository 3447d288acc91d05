"""What no call may hold, whatever the skill's schema says."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from nemotron_agent.safety.asked_call import AskedCall, Denial

MAX_MAGNITUDE = 1e12
MAX_DEPTH = 8


class ArgumentSanity:
    """No NaN, no infinities, no numbers of an absurd size, no endless texts."""

    def __init__(self, max_text_characters: int) -> None:
        self._max_text_characters = max_text_characters

    def denial(self, call: AskedCall) -> Denial | None:
        """Say what is wrong with the arguments; None if nothing is."""
        for name, value in _leaves(call.arguments, '', MAX_DEPTH):
            if isinstance(value, str):
                if len(value) > self._max_text_characters:
                    return Denial(
                        'max_text_characters',
                        f'{name} has {len(value)} characters and may have '
                        f'{self._max_text_characters}',
                    )
            elif isinstance(value, float) and not math.isfinite(value):
                return Denial('finite_numbers', f'{name} is {value}, which is no finite number')
            elif isinstance(value, int | float) and abs(value) > MAX_MAGNITUDE:
                return Denial('finite_numbers', f'{name} is absurdly large')
            elif value is ...:
                return Denial('max_depth', f'{name} is nested too deep')
        return None


def _leaves(value: Any, path: str, depth: int) -> Iterator[tuple[str, Any]]:
    """All values that hold no others, each with its path; `...` for what is too deep."""
    if isinstance(value, Mapping):
        parts = [(f'{path}.{key}' if path else str(key), inner) for key, inner in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(f'{path}[{index}]', inner) for index, inner in enumerate(value)]
    else:
        yield path, value
        return
    if depth == 0:
        yield path, ...
        return
    for inner_path, inner in parts:
        yield from _leaves(inner, inner_path, depth - 1)
