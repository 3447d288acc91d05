"""Whether the model reasons before a reply."""

import enum
import re

# Words that link one step to the next, in English, German, Spanish and French. One that links
# something else ("the black and white cup") costs some reasoning, nothing more.
_LINKS = (
    *('and', 'then', 'after', 'afterwards', 'before', 'first', 'next', 'finally', 'twice'),
    *('und', 'dann', 'danach', 'anschließend', 'nachdem', 'bevor', 'zuerst', 'zweimal'),
    *('y', 'luego', 'después', 'antes', 'primero', 'finalmente'),
    *('et', 'puis', 'ensuite', 'après', 'avant', "d'abord", 'enfin'),
)
_SEVERAL = re.compile(rf'\b({"|".join(_LINKS)})\b|[.;!?]\s+\w', re.IGNORECASE)


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
            return after_failure or asks_for_several_steps(command)
        return self is Thinking.ON


def asks_for_several_steps(command: str) -> bool:
    """Whether a command seems to ask for one thing after another."""
    return _SEVERAL.search(command) is not None
