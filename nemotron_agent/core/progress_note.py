"""Tells the model, beside each result, how far a command has been carried out.

A small model loses sight of a command once results follow it: it stops after the first of several
steps, or goes on when all is done.
"""

from collections.abc import Sequence

from nemotron_agent.core.command_text import count_steps
from nemotron_agent.core.messages import ToolCall

LEFT = 'The command was: "{command}" Done so far: {done}. Do what is left of it.'
ALL_DONE = 'Nothing is left to do.'


def progress_note(command: str, done: Sequence[ToolCall]) -> str:
    """What to add to the result of the last of the calls that succeeded so far."""
    if len(done) >= count_steps(command):
        return ALL_DONE
    return LEFT.format(command=command, done=named(done))


def named(calls: Sequence[ToolCall]) -> str:
    """Name calls in a line."""
    return '; '.join(' '.join([c.name, *map(str, c.arguments.values())]) for c in calls)
