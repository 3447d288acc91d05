"""Where a reply calls, and where it only talks of calls."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any

_THINK_END = '</think>'
_LANDMARK = re.compile(r'<tool_call>|<think>|</think>')
_CLOSING = re.compile(r'(?:\s|\]|```|</tool_call>|<\|\w+\|>)*')


class UnreadableCallError(Exception):
    """Text that is no call; says why, for the model."""


@dataclasses.dataclass(frozen=True)
class WrittenCall:
    """A call as it stands in a text; `end` is the place behind it."""

    name: str
    arguments: dict[str, Any]
    end: int


class ReplyScan:
    """Looks through one reply for the first call that it makes.

    Closed reasoning does not call, with or without its `<think>`. Reasoning that was never closed
    calls only if the reply ends with the call. Without a `<tool_call>`, a call is one only at the
    beginning of the reply or right behind its reasoning. In quotes it is only mentioned.

    Args:
        text: the reply.
        opening: what stands between `<tool_call>` and the place where a call can be read.
        read: reads the call at a place; raises UnreadableCallError if it is none, or has no end.
    """

    def __init__(
        self, text: str, opening: re.Pattern[str], read: Callable[[int], WrittenCall]
    ) -> None:
        self._text = text
        self._opening = opening
        self._read = read
        self._call: WrittenCall | None = None
        self._position = 0
        self._behind_call = 0
        self._thinking = False

    def first_call(self) -> WrittenCall | None:
        """The first call; None if there is none.

        Raises:
            UnreadableCallError: it means to call and cannot be read. Later calls do not count.
        """
        while (place := self._next_place()) is not None:
            try:
                call = self._read(place)
            except (UnreadableCallError, RecursionError):
                if self._call is None:
                    raise
                return self._call
            self._call = self._call or call
            closing = _CLOSING.match(self._text, call.end)
            self._position = self._behind_call = closing.end() if closing else call.end
        if self._thinking and not self._is_blank(len(self._text)):
            return None
        return self._call

    def _next_place(self) -> int | None:
        """Where the next call can be read; None if there is none."""
        while True:
            begun = self._opening.match(self._text, self._position)
            if begun and self._is_bare_beginning():
                return begun.end()
            landmark = _LANDMARK.search(self._text, self._position)
            if landmark is None:
                return None
            self._position = landmark.end()
            if landmark[0] == _THINK_END:
                self._call, self._thinking = None, False
            elif landmark[0] == '<think>':
                if self._call is not None and not self._thinking:
                    return None
                end = self._text.find(_THINK_END, self._position)
                self._thinking = end < 0
                self._position = max(self._position, end)
            else:
                begun = self._opening.match(self._text, self._position)
                if begun and not _is_quoted(self._text, landmark.start()):
                    if self._thinking and not self._is_blank(landmark.start()):
                        self._call = None
                    return begun.end()

    def _is_bare_beginning(self) -> bool:
        return self._position == 0 or self._text.endswith(_THINK_END, 0, self._position)

    def _is_blank(self, end: int) -> bool:
        """Whether there is nothing from the last call to a place."""
        return not self._text[self._behind_call : end].strip()


def _is_quoted(text: str, position: int) -> bool:
    before = text[max(position - 3, 0) : position]
    return before.endswith(('"', "'", '`')) and before != '```'
