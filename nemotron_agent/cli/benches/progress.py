"""What a bench is doing, on the standard error stream."""

from types import TracebackType

from rich.console import Console


class Progress:
    """A line that changes, or a line for each step where there is no terminal."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._status = self._console.status('')
        self._step = ''

    def __enter__(self) -> 'Progress':
        self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._status.stop()

    def step(self, text: str) -> None:
        """Begin something that takes seconds or minutes."""
        self._step = text
        if self._console.is_terminal:
            self._status.update(text)
        else:
            self.note(text)

    def count(self, done: int, total: int) -> None:
        """Tell how far the step is."""
        if self._console.is_terminal:
            self._status.update(f'{self._step}: {done} of {total}')

    def note(self, text: str) -> None:
        """Say something that stays."""
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)
