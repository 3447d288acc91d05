"""Tells the model which tools it cannot call now, and why.

A small model that finds the right tool withheld reaches for the next best: told to go to the
kitchen, it calls for half a metre ahead. Told why, it declines and says so.
"""

from collections.abc import Mapping

_BEGINNING = '\n(Cannot be used now: '


def with_disabled_note(command: str, disabled: Mapping[str, str]) -> str:
    """A command as the model is told it: with the tools it cannot call and what they want."""
    if not disabled:
        return command
    tools = '; '.join(f'{name}, it needs {wanted}' for name, wanted in disabled.items())
    return f'{command}{_BEGINNING}{tools}.)'


def without_disabled_note(told: str) -> str:
    """The command alone."""
    return told.partition(_BEGINNING)[0]
