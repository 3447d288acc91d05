"""Shows which step is at work, for how long, and how far it is."""

import time
from typing import TextIO

LINE_WIDTH = 79
PLAIN_INTERVAL_SEC = 30.0


def duration(seconds: float) -> str:
    """Write a duration as `42 s` or `5:07 min`."""
    whole = round(seconds)
    return f'{whole} s' if whole < 60 else f'{whole // 60}:{whole % 60:02d} min'


class Progress:
    """Numbered steps on a stream.

    On a terminal the current line is renewed; elsewhere a line is added now and then.
    """

    def __init__(self, stream: TextIO, steps: int) -> None:
        self._stream = stream
        self._steps = steps
        self._terminal = stream.isatty()
        self._number = 0
        self._title = ''
        self._started = 0.0
        self._shown = 0.0

    def skip(self, title: str) -> None:
        """Count a step that needs no work."""
        self._number += 1
        self._line(f'{self._prefix()} {title}: up to date')

    def start(self, title: str, note: str = '') -> None:
        """Begin a step, with what people should know before they wait."""
        self._number += 1
        self._title = title
        self._started = self._shown = time.monotonic()
        if note:
            self._line(f'{self._prefix()} {title}: {note}')
        self._write(f'{self._prefix()} {title} ...', end='' if self._terminal else '\n')

    def tick(self, detail: str = '') -> None:
        """Show the time spent, and what is known of how far the step is."""
        now = time.monotonic()
        if now - self._shown < (0.5 if self._terminal else PLAIN_INTERVAL_SEC):
            return
        self._shown = now
        text = f'{self._prefix()} {self._title} ... {duration(now - self._started)} {detail}'
        self._write(text[:LINE_WIDTH].rstrip(), end='' if self._terminal else '\n')

    def done(self) -> None:
        """End a step."""
        spent = duration(time.monotonic() - self._started)
        self._line(f'{self._prefix()} {self._title}: {spent}')

    def _prefix(self) -> str:
        return f'  [{self._number}/{self._steps}]'

    def _line(self, text: str) -> None:
        self._write(text, end='\n')

    def _write(self, text: str, end: str) -> None:
        # ESC[K clears what a longer line before left behind.
        start = '\r\033[K' if self._terminal else ''
        self._stream.write(f'{start}{text}{end}')
        self._stream.flush()
