"""Whether a command can have meant a call: the model's own estimate, asked the other way round.

A small model finds some call for any command, and is as sure of it. Asked how likely somebody who
wants that call would put it in those words, it knows better. The measure is the pointwise mutual
information of command and call, log P(command | call) - log P(command): below 0 the words are
less likely from one who wants the call than from anyone.
"""

import dataclasses
from collections.abc import Sequence

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec

_ANYONE = 'A robot has skills.\n{before}An operator who wants something says: "'
_WHO_WANTS_IT = 'A robot skill: {skill}.\n{before}An operator who wants it says: "'
_BEFORE = 'The command before was: "{command}"\n'
# Short, as a model may repeat it to the operator.
HELD_BACK = 'Not done: {name} is not what the command asks for.'


@dataclasses.dataclass(frozen=True)
class Doubt:
    """Holds back calls that a command supports less than `min_support` (natural logarithm)."""

    min_support: float = 0.0

    def holds_back(
        self,
        model: ChatModel,
        commands: Sequence[str],
        call: ToolCall,
        spec: ToolSpec,
        cancel: CancelToken,
    ) -> bool:
        """Whether a call is not to be run; False too where the model cannot tell.

        `commands` are those of the conversation; the last is the one that the call is for.

        Raises:
            ModelError: it could not be evaluated.
        """
        said = f'{commands[-1]}"'
        before = _BEFORE.format(command=commands[-2]) if len(commands) > 1 else ''
        who_wants_it = _WHO_WANTS_IT.format(skill=_told(call, spec), before=before)
        wanted = model.log_likelihood(said, who_wants_it, cancel)
        anyone = model.log_likelihood(said, _ANYONE.format(before=before), cancel)
        if wanted is None or anyone is None:
            return False
        return wanted - anyone < self.min_support


def _told(call: ToolCall, spec: ToolSpec) -> str:
    arguments = ', '.join(f'{name} {value}' for name, value in call.arguments.items())
    told = spec.description.rstrip('.')
    return f'{told} ({arguments})' if arguments else told
