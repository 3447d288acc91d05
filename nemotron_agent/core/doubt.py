"""Whether a command can have meant a call: the model's own estimate, asked the other way round.

A small model finds some call for any command, and is as sure of it. Asked how likely somebody who
wants that call would put it in those words, it knows better. The measure is the pointwise mutual
information of command and call, log P(command | call) - log P(command): below 0 the words are
less likely from one who wants the call than from anyone.
"""

from collections.abc import Sequence

from nemotron_agent.core.builtin_tools import ANSWER
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec

_ANYONE = 'A robot has skills.\n{before}An operator who wants something says: "'
_WHO_WANTS_IT = 'A robot skill: {skill}.\n{before}An operator who wants it says: "'
_BEFORE = 'The command before was: "{command}"\n'
HELD_BACK = (
    'Not done: {name} is not what the command asks for. '
    'Use the tool that does it; if none does, decline.'
)


class Doubts:
    """Holds back first calls of one task that its command does not support.

    The skill is then withheld; once two were, all are, and so is an answer: there is nothing to
    report. Of a task whose first call has run, nothing is doubted.

    Args:
        command: of the task.
        before: the command before it in the conversation, if there is one.
        tools: what the model may call.

    Attributes:
        withheld: names of tools not to be called in the next reply.
    """

    def __init__(
        self,
        model: ChatModel,
        command: str,
        before: str | None,
        tools: Sequence[ToolSpec],
        cancel: CancelToken,
    ) -> None:
        self.withheld: frozenset[str] = frozenset()
        self._model = model
        self._command = command
        self._before = before
        self._tools = {tool.name: tool for tool in tools}
        self._cancel = cancel
        self._settled = model.min_support is None

    def holds_back(self, call: ToolCall) -> bool:
        """Whether a call is not to be run; False too where the model cannot tell.

        Raises:
            ModelError: it could not be evaluated.
        """
        spec = self._tools.get(call.name)
        if self._settled or spec is None or spec.builtin:
            return False
        support = call_support(self._model, self._command, self._before, call, spec, self._cancel)
        least = self._model.min_support
        if support is None or least is None or support >= least:
            return False
        if self.withheld:
            skills = (tool.name for tool in self._tools.values() if not tool.builtin)
            self.withheld |= {*skills, ANSWER.spec.name}
        else:
            self.withheld = frozenset([call.name])
        return True

    def settle(self) -> None:
        """A call was run: doubt no more."""
        self._settled = True
        self.withheld = frozenset()


def call_support(
    model: ChatModel,
    command: str,
    before: str | None,
    call: ToolCall,
    spec: ToolSpec,
    cancel: CancelToken,
) -> float | None:
    """How much a command, after the one before, supports a call (natural logarithm).

    None if the model cannot tell.

    Raises:
        ModelError: it could not be evaluated.
    """
    said = f'{command}"'
    context = '' if before is None else _BEFORE.format(command=before)
    who_wants_it = _WHO_WANTS_IT.format(skill=_told(call, spec), before=context)
    wanted = model.log_likelihood(said, who_wants_it, cancel)
    anyone = model.log_likelihood(said, _ANYONE.format(before=context), cancel)
    return None if wanted is None or anyone is None else wanted - anyone


def _told(call: ToolCall, spec: ToolSpec) -> str:
    arguments = ', '.join(f'{name} {value}' for name, value in call.arguments.items())
    told = spec.description.rstrip('.')
    return f'{told} ({arguments})' if arguments else told
