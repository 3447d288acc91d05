"""Shows people how far a pull has come: a bar on a terminal, now and then a line elsewhere."""

import time
from typing import Any

LINE_PERIOD_SEC = 5.0


def pull_progress_display() -> 'BarDisplay | LineDisplay':
    """Make the display that suits standard error; used with `with`."""
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    return BarDisplay(console) if console.is_terminal else LineDisplay(console)


class BarDisplay:
    """A progress bar for each activity."""

    def __init__(self, console: Any) -> None:
        from rich import progress

        self._bars = progress.Progress(
            progress.TextColumn('{task.description:<11}'),
            progress.BarColumn(bar_width=None),
            progress.DownloadColumn(),
            progress.TransferSpeedColumn(),
            progress.TimeRemainingColumn(),
            console=console,
        )
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> 'BarDisplay':
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def note(self, text: str) -> None:
        """Print it above the bars."""
        self._bars.console.print(text, markup=False, soft_wrap=True)

    def advance(self, activity: str, done_bytes: int, total_bytes: int) -> None:
        """Move the activity's bar; a new activity ends the ones before."""
        if activity not in self._tasks:
            for task in self._bars.tasks:
                self._bars.update(task.id, completed=task.total)
            self._tasks[activity] = self._bars.add_task(activity, completed=done_bytes)
        self._bars.update(self._tasks[activity], completed=done_bytes, total=total_bytes)


class LineDisplay:
    """Plain lines, at most one every few seconds, for logs."""

    def __init__(self, console: Any, period_sec: float = LINE_PERIOD_SEC) -> None:
        self._console = console
        self._period_sec = period_sec
        self._last = time.monotonic()

    def __enter__(self) -> 'LineDisplay':
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def note(self, text: str) -> None:
        """Print it."""
        self._console.print(text, markup=False, soft_wrap=True)

    def advance(self, activity: str, done_bytes: int, total_bytes: int) -> None:
        """Print how far it is, if the last line is old enough."""
        now = time.monotonic()
        if now - self._last < self._period_sec:
            return
        self._last = now
        share = done_bytes / total_bytes if total_bytes else 1.0
        self.note(f'{activity} {share:.0%} of {total_bytes / 1e6:.0f} MB')
