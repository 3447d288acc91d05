"""How much the words of a command support a call: the model's own estimate, the other way round.

A small model finds some call for any command, and is as sure of it. Asked how likely a robot's
steps would have been commanded in those words, it knows better. What a call adds to the steps
before it is the pointwise mutual information of command and call, given those steps:
log P(command | steps, call) - log P(command | steps). Below 0 the command is less likely to mean
that call too than not to.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.command_text import wants_said
from nemotron_agent.core.doubts.said_values import is_all_of, is_free_text, repeats
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec

logger = logging.getLogger(__name__)

_NO_STEPS = 'A robot has skills.\n'
_STEPS = 'A robot carries out a command in these steps:\n{steps}'
_BEFORE = 'The command before was: "{command}"\n'
_COMMAND = 'The command, in the words of the operator: "'
_UNCLEAR = (
    'An operator gives a robot a command that is unclear: it does not say what, where, or how '
    'far. The operator says: "'
)
_IMPOSSIBLE = (
    'An operator asks a robot for something that it has no skill for. The operator says: "'
)


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
        self._dictated = f'{command} {before or ""}'
        self._context = '' if before is None else _BEFORE.format(command=before)
        self._tools = tools
        self._cancel = cancel
        self._heard = ''
        self._likelihoods: dict[str, float | None] = {}

    def of(self, call: ToolCall, after: Sequence[ToolCall] = (), words: str = '') -> float | None:
        """Support of a call (natural logarithm); None if the model cannot tell.

        Args:
            call: of one of the tools.
            after: the calls that were made before it.
            words: a part of the command that is to be measured by; all of it by default.

        Raises:
            ModelError: it could not be evaluated.
        """
        said = f'{words or self._command}"'
        meant = self._likelihood(said, [*after, call])
        not_meant = self._likelihood(said, after)
        if meant is None or not_meant is None:
            return None
        logger.debug('%s adds %.1f to "%.80s"', self._told(call), meant - not_meant, said)
        return meant - not_meant

    def of_plan(self, calls: Sequence[ToolCall], words: str) -> float | None:
        """Logarithm of the likelihood of words by some calls; None if the model cannot tell.

        Raises:
            ModelError: it could not be evaluated.
        """
        return self._likelihood(f'{words}"', calls)

    def of_text(self, call: ToolCall, name: str) -> float | None:
        """What a text of a call adds to its support; None if the model cannot tell.

        Raises:
            ModelError: it could not be evaluated.
        """
        told = self._told(call)
        text = self._described(call, {name: call.arguments[name]})
        said = f'{self._command}"'
        with_text = self._measured(said, self._prompt(f'1. {text}\n'))
        without = self._measured(said, self._prompt(f'1. {told}\n'))
        if with_text is None or without is None:
            return None
        logger.debug('text %s adds %.1f to "%.80s"', text, with_text - without, said)
        return with_text - without

    def add_result(self, text: str) -> None:
        """Take what came of a call; to repeat it is not what the command asked for."""
        self._heard += f'{text}\n'

    def asks_for_more(self) -> bool:
        """Whether the command is rather one that leaves something out than one for another robot.

        Raises:
            ModelError: it could not be evaluated.
        """
        said = f'{self._command}"'
        unclear = self._measured(said, f'{self._context}{_UNCLEAR}')
        impossible = self._measured(said, f'{self._context}{_IMPOSSIBLE}')
        return unclear is None or impossible is None or unclear >= impossible

    def _likelihood(self, said: str, calls: Sequence[ToolCall]) -> float | None:
        steps = ''.join(f'{number}. {self._told(call)}\n' for number, call in enumerate(calls, 1))
        return self._measured(said, self._prompt(steps))

    def _prompt(self, steps: str) -> str:
        told = _STEPS.format(steps=steps) if steps else _NO_STEPS
        return f'{told}{self._context}{_COMMAND}'

    def _measured(self, said: str, after: str) -> float | None:
        key = after + said
        if key not in self._likelihoods:
            self._likelihoods[key] = self._model.log_likelihood(said, after, self._cancel)
        return self._likelihoods[key]

    def _is_dictated(self, text: object) -> bool:
        """Whether a text is what the command tells to say, and none that was only heard."""
        if not wants_said(self._dictated):
            return False
        if is_all_of(self._command, text) or repeats(self._heard, text):
            return False
        return repeats(self._dictated, text)

    def is_told(self, call: ToolCall) -> bool:
        """Whether the command tells the texts of a call, if it has any."""
        return len(self._arguments(call)) == len(call.arguments)

    def _told(self, call: ToolCall) -> str:
        return self._described(call, self._arguments(call))

    def _described(self, call: ToolCall, arguments: Mapping[str, Any]) -> str:
        told = self._tools[call.name].description.rstrip('.')
        listed = ', '.join(f'{name} {value}' for name, value in arguments.items())
        return f'{told} ({listed})' if listed else told

    def _arguments(self, call: ToolCall) -> dict[str, Any]:
        """Arguments of a call, but for texts that the model has made up or repeats."""
        schemas = self._tools[call.name].parameters['properties']
        return {
            name: value
            for name, value in call.arguments.items()
            if not is_free_text(schemas[name]) or self._is_dictated(value)
        }
