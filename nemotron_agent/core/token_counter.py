"""Counts the tokens of a conversation that may become shorter."""

from nemotron_agent.core.chat_model import ChatModel, ChatRequest
from nemotron_agent.core.compaction import History
from nemotron_agent.core.json_text import to_json
from nemotron_agent.core.left_out import LeftOut
from nemotron_agent.core.messages import Message

_EMPTY = History((), LeftOut(), (Message('user', ''),))


class TokenCounter:
    """Tokens of prompts of one conversation: the model's own count, or an estimate.

    The estimate is for models that cannot count: tokens are taken to be as many for each character
    as in a prompt whose tokens are known.

    Args:
        opening: the request, with the system message alone.
        known: a history whose tokens are known.
        known_tokens: tokens of its prompt.
    """

    def __init__(
        self, model: ChatModel, opening: ChatRequest, known: History, known_tokens: int
    ) -> None:
        self._model = model
        self._opening = opening
        self._tokens_per_character = known_tokens / max(1, _characters(known.request(opening)))

    @property
    def is_exact(self) -> bool:
        """Whether the model counts."""
        return self._model.count_tokens(_EMPTY.request(self._opening)) is not None

    def __call__(self, history: History) -> int:
        """Tokens of the prompt that shows a history.

        Raises:
            ModelError: they cannot be counted.
        """
        request = history.request(self._opening)
        counted = self._model.count_tokens(request)
        if counted is not None:
            return counted
        return round(_characters(request) * self._tokens_per_character)

    def opening(self) -> int:
        """Tokens of the prompt of an empty command."""
        return self(_EMPTY)


def _characters(request: ChatRequest) -> int:
    tools = sum(len(to_json(tool.parameters)) + len(tool.description) for tool in request.tools)
    return tools + sum(
        len(message.content)
        + len(message.reasoning)
        + (len(message.tool_call.arguments_json) if message.tool_call else 0)
        for message in request.messages
    )
