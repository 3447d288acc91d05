"""How a pull tells people where it is."""

from typing import Protocol


class PullProgress(Protocol):
    """Takes what a pull reports; returns at once."""

    def note(self, text: str) -> None:
        """Take one thing that people should know."""

    def advance(self, activity: str, done_bytes: int, total_bytes: int) -> None:
        """Take how far an activity, such as `downloading`, has come."""


class SilentProgress:
    """Tells nobody."""

    def note(self, text: str) -> None:
        """Drop it."""

    def advance(self, activity: str, done_bytes: int, total_bytes: int) -> None:
        """Drop it."""
