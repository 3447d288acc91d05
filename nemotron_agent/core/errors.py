"""Our own failures; the model's and the robot's are values (`ToolResult`).

NemotronAgentError
|- ConfigurationError       a parameter, file or key that cannot be used
|  `- DocumentError         the same, in a YAML file: skills, places, policy, world, suite
|- ModelError
|  |- ModelFileError        missing, truncated, corrupt or foreign file
|  |- ModelDownloadError    no source delivers the file, or there is no room for it
|  |- ChatTemplateError     a template that no tool format knows, or that fails
|  |- EndpointError         a model's server that does not answer, or not as one
|  |- MemoryShortError      a model that needs more memory than it may have
|  |- ContextFullError      a prompt that does not fit into the context
|  |  `- TurnTooLargeError  a command that does not even fit without its conversation
|  `- EvaluationError       the runtime could not evaluate tokens
|- ArchiveError             conversations on disk that cannot be read or written
`- TaskRefusedError         a task that is not taken
   |- NotActiveError
   |- InvalidTaskError
   `- QueueFullError
"""


class NemotronAgentError(Exception):
    """Root of the package's exceptions. Its text is for the user: what is wrong, what to do."""


class ConfigurationError(NemotronAgentError):
    """A parameter, file or key that cannot be used."""


class DocumentError(ConfigurationError):
    """A YAML file that cannot be used: skills, places, policy, world, suite."""


class ModelError(NemotronAgentError):
    """The model cannot be had, loaded or evaluated."""


class ModelFileError(ModelError):
    """A model file that is missing, truncated, corrupt or of a kind the runtime does not know."""


class ModelDownloadError(ModelError):
    """No source delivers the model file, or there is no room for it."""


class ChatTemplateError(ModelError):
    """A chat template that no tool format knows, or that fails on a conversation."""


class EndpointError(ModelError):
    """A model's server that does not answer, or not as one; `status` is HTTP's, 0 without one."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


class MemoryShortError(ModelError):
    """A model that needs more memory than it may have; the text ends with tables."""


class ContextFullError(ModelError):
    """A prompt that does not fit into the context.

    Args:
        needed_tokens: tokens of the prompt and of the reply's reserve.
        n_ctx: tokens the context holds.
    """

    def __init__(self, needed_tokens: int, n_ctx: int) -> None:
        super().__init__(
            f'the conversation needs {needed_tokens} tokens and the context holds {n_ctx}: '
            'shorten the command, clear the conversation, or raise the parameter n_ctx'
        )
        self.needed_tokens = needed_tokens
        self.n_ctx = n_ctx


class TurnTooLargeError(ContextFullError):
    """A command, with what came of it, that does not fit even without its conversation.

    Args:
        needed_tokens: tokens of the whole prompt.
        n_ctx, opening, reply: tokens of the context, of system prompt and tools, and those kept
            free for the reply.
    """

    def __init__(self, needed_tokens: int, n_ctx: int, opening: int, reply: int) -> None:
        super().__init__(needed_tokens + reply, n_ctx)
        room = max(0, n_ctx - opening - reply)
        self.args = (
            'the command, with what came of it and what is to be remembered, has '
            f'{needed_tokens - opening} tokens and there is room for {room}: of the {n_ctx} '
            f'tokens of the context {opening} are for system prompt and tools and {reply} for the '
            'reply. '
            'Shorten the command, or raise the parameter n_ctx; the conversation is as it was',
        )


class EvaluationError(ModelError):
    """The runtime could not evaluate tokens."""


class ArchiveError(NemotronAgentError):
    """Conversations on disk that cannot be read or written."""


class TaskRefusedError(NemotronAgentError):
    """A task that is not taken."""


class NotActiveError(TaskRefusedError):
    """The agent is not active."""


class InvalidTaskError(TaskRefusedError):
    """A task that is empty, too long or out of range."""


class QueueFullError(TaskRefusedError):
    """Too many tasks are waiting."""
