"""How much the words of a command support a call: the model's own estimate, the other way round.

A small model finds some call for any command, and is as sure of it. Asked how likely somebody who
wants that call would put it in those words, it knows better. The measure is the pointwise mutual
information of command and call, log P(command | call) - log P(command): below 0 the words are
less likely from one who wants the call than from anyone.
"""

from collections.abc import Mapping

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec

_ANYONE = 'A robot has skills.\n{before}An operator who wants something says: "'
_WHO_WANTS_IT = 'A robot skill: {skill}.\n{before}An operator who wants it says: "'
_BEFORE = 'The command before was: "{command}"\n'


class CommandSupport:
    """Measures calls by one command; what was measured once is kept.

    Args:
        command: of the task.
        before: the command before it in the conversation, if there is one.
        tools: by name.
    """

    def __init__(
        self,
        model: ChatModel,
        command: str,
        before: str | None,
        tools: Mapping[str, ToolSpec],
        cancel: CancelToken,
    ) -> None:
        self._model = model
        self._command = command
        self._context = '' if before is None else _BEFORE.format(command=before)
        self._tools = tools
        self._cancel = cancel
        self._likelihoods: dict[str, float | None] = {}

    def of(self, call: ToolCall, words: str = '') -> float | None:
        """Support of a call (natural logarithm); None if the model cannot tell.

        Args:
            call: of one of the tools.
            words: a part of the command that is to be measured by; all of it by default.

        Raises:
            ModelError: it could not be evaluated.
        """
        said = f'{words or self._command}"'
        skill = _told(call, self._tools[call.name])
        wanted = self._likelihood(said, _WHO_WANTS_IT.format(skill=skill, before=self._context))
        anyone = self._likelihood(said, _ANYONE.format(before=self._context))
        return None if wanted is None or anyone is None else wanted - anyone

    def _likelihood(self, said: str, after: str) -> float | None:
        key = after + said
        if key not in self._likelihoods:
            self._likelihoods[key] = self._model.log_likelihood(said, after, self._cancel)
        return self._likelihoods[key]


def _told(call: ToolCall, spec: ToolSpec) -> str:
    arguments = ', '.join(f'{name} {value}' for name, value in call.arguments.items())
    told = spec.description.rstrip('.')
    return f'{told} ({arguments})' if arguments else told
