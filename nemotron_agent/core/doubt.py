"""Looks twice at the calls of a model that finds a call for any command.

How sure it was of each part of a call is one hint (`CallCertainty`), how much the words of the
command support the call another (`CommandSupport`).
"""

import dataclasses
import math
from collections.abc import Callable, Sequence

from nemotron_agent.core.builtin_tools import ASK_OPERATOR, DECLINE
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    CallCertainty,
    ChatModel,
    ModelReply,
    ReplyProgress,
)
from nemotron_agent.core.command_support import CommandSupport
from nemotron_agent.core.command_text import first_step
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.said_values import names_value, tells_amount
from nemotron_agent.core.tool import ToolSpec

OnProgress = Callable[[ReplyProgress], None]
AskModel = Callable[[frozenset[str], OnProgress], ModelReply]
"""Asks a model for the next reply, without the tools of these names."""

UNSUPPORTED = 'Not done: {name} is not what the command asks for.'
UNSAID = (
    'Not done: the command does not say what {argument} of {name} is to be{choice}. '
    'Ask the operator.'
)
BEYOND = 'Not done: {argument} of {name} is {value}, and must be {bound}. Tell the operator.'
GO_ON = 'Not done: {name} is not what is left of the command. Do what is left, or answer.'
# A follow-up leaves out words that the call has, and so supports it less.
FOLLOW_UP_SLACK = 2.5
# A first tool chosen with this certainty needs no support: measuring it takes time.
PLAIN_TOOL = 0.99
# Of a tool chosen with less certainty than this, the second choice is looked at too.
SURE_TOOL = 0.95
# What the second choice must have more, of support and the logarithm of its probability.
BETTER_BY = 3.0
# A listed value chosen with this certainty was said; one with less than half was not.
SURE_VALUE = 0.98
SURE_NUMBER = 0.8
# What a value in between must have, of support and log-odds.
VALUE_SUPPORT = 1.2


@dataclasses.dataclass(frozen=True)
class _Objection:
    """Why a call is not to be run, and the built-in that is to end the task instead."""

    text: str
    end: str


class Doubts:
    """Looks twice at the calls of one task.

    Where the model is not sure of the tool, or there is an objection to its call, it is asked for
    its second choice; the one that the command supports better counts. A call that the command
    does not support, or with a value that it does not say, is held back. Then declining, or
    asking the operator, is all that is left; once a call has run, something else may be tried.

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
        self._opens = before is None
        self._tools = {tool.name: tool for tool in tools}
        self._builtins = {tool.name for tool in tools if tool.builtin}
        self._support = CommandSupport(model, command, before, self._tools, cancel)
        self._objection: _Objection | None = None
        self._ran: list[ToolCall] = []

    def reply(self, ask: AskModel, on_progress: OnProgress) -> ModelReply:
        """Ask the model for the next reply.

        Raises:
            ModelError: it could not be evaluated.
        """
        reply = ask(self.withheld, on_progress)
        self._objection = self._objection_to(reply)
        call, certainty = self._doubted(reply), reply.certainty
        if call is None or certainty is None or self.withheld:
            return reply
        if certainty.tool >= SURE_TOOL and self._objection is None:
            return reply
        return self._better(reply, call, certainty, ask)

    def objection(self, call: ToolCall) -> str:
        """What to tell the model instead of running the call it just made; empty if it may run."""
        if self._objection is None:
            return ''
        if not self._ran:
            self.withheld = frozenset(self._tools) - {self._objection.end}
            return self._objection.text
        skills = frozenset(self._tools) - self._builtins
        self.withheld = skills if self.withheld else frozenset([call.name])
        return GO_ON.format(name=call.name)

    def add_run(self, call: ToolCall) -> None:
        """Take a call that was run."""
        self._ran.append(call)
        self.withheld = frozenset()

    def _doubted(self, reply: ModelReply) -> ToolCall | None:
        """The call of a skill that a reply makes, if this model's calls are to be doubted."""
        call = reply.message.tool_call
        spec = self._tools.get(call.name) if call else None
        mute = self._model.min_support is None or spec is None or spec.builtin
        return None if mute else call

    def _better(
        self, first: ModelReply, call: ToolCall, certainty: CallCertainty, ask: AskModel
    ) -> ModelReply:
        """The first reply or the model's second choice, whichever the command supports better."""
        second = ask(frozenset([call.name, *(self._builtins if self._ran else ())]), _ignore)
        other = self._doubted(second)
        chosen = first
        if other and second.certainty:
            share = (1.0 - certainty.tool) * second.certainty.tool
            gain = self._score(other, share) - self._score(call, certainty.tool)
            has_run = any(other.is_same_as(ran) for ran in self._ran)
            objection = self._objection_to(second)
            if gain > BETTER_BY and not has_run and (objection is None or self._objection):
                chosen, self._objection = second, objection
        return chosen

    def _score(self, call: ToolCall, share: float) -> float:
        """How well a call fits: the first one, the first step of the command; later ones, all."""
        words = '' if self._ran else first_step(self._command)
        return (self._support.of(call, words) or 0.0) + math.log(max(share, 1e-6))

    def _objection_to(self, reply: ModelReply) -> _Objection | None:
        """Why the call of a reply is not to be run; None if it may, or is none of a skill."""
        call = self._doubted(reply)
        if call is None:
            return None
        certainty = reply.certainty
        plain = certainty is not None and certainty.tool >= PLAIN_TOOL and not self._ran
        if not plain and not self._is_supported(call):
            return _Objection(UNSUPPORTED.format(name=call.name), DECLINE.spec.name)
        for name, share in certainty.arguments.items() if certainty else ():
            text = self._beyond(call, name) or self._unsaid(call, name, share)
            if text:
                return _Objection(text, ASK_OPERATOR.spec.name)
        return None

    def _is_supported(self, call: ToolCall) -> bool:
        support, least = self._support.of(call), self._model.min_support
        if support is None or least is None:
            return True
        opens = self._opens and not self._ran
        return support >= (least if opens else least - FOLLOW_UP_SLACK)

    def _beyond(self, call: ToolCall, name: str) -> str:
        """What is wrong with a number that is out of bounds; empty if it is not."""
        value = call.arguments[name]
        schema = self._tools[call.name].parameters['properties'][name]
        low, high = schema.get('minimum', -math.inf), schema.get('maximum', math.inf)
        if not isinstance(value, (int, float)) or low <= value <= high:
            return ''
        bound = f'at least {low}' if value < low else f'at most {high}'
        bound = f'{bound} {schema.get("unit", "")}'.rstrip()
        return BEYOND.format(argument=name, name=call.name, value=value, bound=bound)

    def _unsaid(self, call: ToolCall, name: str, share: float) -> str:
        """What is wrong with a value that the command does not say; empty if it does."""
        if self._is_said(call, name, share):
            return ''
        listed = self._tools[call.name].parameters['properties'][name].get('enum', ())
        choice = f': {", ".join(map(str, listed))}' if listed else ''
        return UNSAID.format(argument=name, name=call.name, choice=choice)

    def _is_said(self, call: ToolCall, name: str, share: float) -> bool:
        value = call.arguments[name]
        if names_value(self._command, value):
            return True
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return share >= SURE_NUMBER or tells_amount(self._command)
        if share >= SURE_VALUE or share < 0.5:
            return share >= 0.5
        others = {key: each for key, each in call.arguments.items() if key != name}
        without = self._support.of(dataclasses.replace(call, arguments=others))
        support = self._support.of(call)
        if support is None or without is None:
            return True
        return support - without + math.log(share / (1.0 - share)) >= VALUE_SUPPORT


def _ignore(progress: ReplyProgress) -> None:
    """Nobody is told of a second choice."""
