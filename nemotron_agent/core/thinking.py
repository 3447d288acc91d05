"""Whether the model reasons before a reply."""

import enum

from nemotron_agent.core.command_text import count_steps


class Thinking(enum.Enum):
    """When to reason: never, always, or for several steps and after a call that failed."""

    OFF = 'off'
    ON = 'on'
    AUTO = 'auto'

    def for_reply(self, command: str, after_failure: bool) -> bool:
        """Whether to reason before the next reply to a command.

        Args:
            command: what the operator asked.
            after_failure: the last call, or reply, of the task failed.
        """
        if self is Thinking.AUTO:
            return after_failure or count_steps(command) > 1
        return self is Thinking.ON
