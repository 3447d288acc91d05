"""Looks twice at the calls of a model that finds a call for any command.

How sure it was of each part of a call is one hint (`CallCertainty`), how much the words of the
command support the call another (`CommandSupport`).
"""

import dataclasses
import math
from collections.abc import Callable, Collection, Sequence

from nemotron_agent.core.ask_model import AskModel, OnProgress, ignore
from nemotron_agent.core.builtin_tools import ANSWER, ASK_OPERATOR, DECLINE
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import CallCertainty, ChatModel, ModelReply
from nemotron_agent.core.command_language import is_english
from nemotron_agent.core.command_support import CommandSupport
from nemotron_agent.core.command_text import first_step, leaves_open_what
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.next_step import MAX_CHOICES, OPEN_SUPPORT, NextStep
from nemotron_agent.core.tool import ToolResult, ToolSpec
from nemotron_agent.core.value_doubt import ValueDoubts

UNSUPPORTED = 'Not done: {name} is not what the command asks for.'
ASK = 'Ask the operator.'
TELL = 'Tell the operator that it cannot be done.'
# A follow-up leaves out words that the call has, and so supports it less.
FOLLOW_UP_SLACK = 2.5
# A call with a listed value that the command names needs less: what else it tells may be steps
# still to come.
NAMED_SLACK = 3.0
# The model tells less of commands in other languages than that of the skills' descriptions.
FOREIGN_SLACK = 2.0
# An answer chosen with less certainty than this, before anything was done, reports nothing.
SURE_ANSWER = 0.7
# A first tool chosen with this certainty needs no support: measuring it takes time.
PLAIN_TOOL = 0.99
# Of a tool chosen with less certainty than this, the second choice is looked at too.
SURE_TOOL = 0.95
# What the second choice must have more, of support and the logarithm of its probability.
BETTER_BY = 3.0


@dataclasses.dataclass(frozen=True)
class _Objection:
    """Why a call is not to be run, and the built-in that is to end the task instead."""

    text: str
    end: str


class Doubts:
    """Looks twice at the calls of one task.

    The first call: where the model is not sure of the tool, or there is an objection to its call,
    it is asked for its second choice; the one that the command supports better counts. A call
    that the command does not support, or with a value that it does not say, is held back. Then
    declining, or asking the operator, is all that is left.

    Later calls: `NextStep`.

    Args:
        command: of the task.
        before: the command before it in the conversation, if there is one.
        tools: what the model may call.
        disabled: names the tools that cannot be called now.

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
        disabled: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        self.withheld: frozenset[str] = frozenset()
        self._model = model
        self._command = command
        self._before = before
        self._tools = {tool.name: tool for tool in tools}
        self._builtins = frozenset(tool.name for tool in tools if tool.builtin)
        self._support = CommandSupport(model, command, before, self._tools, cancel)
        self._values = ValueDoubts(command, self._tools, self._support)
        self._next_step = NextStep(command, before, tools, self._support, disabled)
        self._objection: _Objection | None = None

    def reply(self, ask: AskModel, on_progress: OnProgress) -> ModelReply:
        """Ask the model for the next reply.

        Raises:
            ModelError: it could not be evaluated.
        """
        self._objection = None
        if self.withheld or self._model.min_support is None:
            return ask(self.withheld, on_progress)
        if self._next_step.has_begun:
            return self._with_objection(self._next_step.reply(ask, on_progress))
        return self._first_reply(ask, on_progress)

    def objection(self, call: ToolCall) -> str:
        """What to tell the model instead of running the call it just made; empty if it may run."""
        if self._objection is None:
            return ''
        self.withheld = frozenset(self._tools) - {self._objection.end}
        return self._objection.text

    def add_run(self, call: ToolCall, result: ToolResult) -> None:
        """Take a call that was run, and what came of it."""
        self._next_step.add_run(call, result)
        self._support.add_result(result.text)
        self.withheld = frozenset()

    def _first_reply(self, ask: AskModel, on_progress: OnProgress) -> ModelReply:
        reply = ask(frozenset(), on_progress)
        call, certainty = reply.message.tool_call, reply.certainty
        if call and call.name == ANSWER.spec.name and certainty and certainty.tool < SURE_ANSWER:
            # Nothing was done that could be reported.
            return self._with_objection(ask(frozenset([call.name]), ignore))
        self._with_objection(reply)
        if call is None or certainty is None or call.name in self._builtins:
            return reply
        may_be_first = self._may_be_first(call)
        if certainty.tool >= SURE_TOOL and not self._objection and may_be_first:
            return reply
        withheld = frozenset([call.name])
        for _ in range(1 if may_be_first else MAX_CHOICES - 1):
            other = ask(withheld, ignore)
            if self._is_better(other, reply):
                return other
            rival = self._skill_call(other)
            withheld |= {rival.name} if rival else self._builtins
        return reply

    def _is_better(self, second: ModelReply, first: ModelReply) -> bool:
        """Whether another choice of the first call counts, and what speaks against it then."""
        call, other = self._skill_call(first), self._skill_call(second)
        if not (call and other and first.certainty and second.certainty):
            return False
        share = (1.0 - first.certainty.tool) * second.certainty.tool
        gain = self._score(other, share) - self._score(call, first.certainty.tool)
        if gain <= BETTER_BY:
            return False
        objection = self._objection_to(other, second.certainty)
        if objection and not (self._objection and self._first_support(other) > BETTER_BY):
            return False
        self._objection = objection
        return True

    def _skill_call(self, reply: ModelReply) -> ToolCall | None:
        """The call of a skill that a reply makes."""
        call = reply.message.tool_call
        return call if call and call.name not in self._builtins else None

    def _with_objection(self, reply: ModelReply) -> ModelReply:
        """A reply, after noting what speaks against its call."""
        call = self._skill_call(reply)
        self._objection = self._objection_to(call, reply.certainty) if call else None
        return reply

    def _objection_to(self, call: ToolCall, certainty: CallCertainty | None) -> _Objection | None:
        """Why a call is not to be run; None if it may."""
        if not self._next_step.has_begun and not self._is_supported(call, certainty):
            asks = self._before is None and leaves_open_what(self._command)
            return self._objection_that(asks, UNSUPPORTED.format(name=call.name))
        done = self._next_step.done
        text = self._values.objection(call, certainty, done) if certainty else ''
        return self._objection_that(self._support.asks_for_more(), text) if text else None

    def _objection_that(self, asks: bool, text: str) -> _Objection:
        """An objection after which the operator is asked, or told that it cannot be done."""
        if asks:
            return _Objection(f'{text} {ASK}', ASK_OPERATOR.spec.name)
        return _Objection(f'{text} {TELL}', DECLINE.spec.name)

    def _is_supported(self, call: ToolCall, certainty: CallCertainty | None) -> bool:
        if certainty and certainty.tool >= PLAIN_TOOL:
            return True
        least = self._model.min_support or 0.0
        if self._before is not None:
            least -= FOLLOW_UP_SLACK
        if self._values.names_listed(call):
            least -= NAMED_SLACK
        if not is_english(self._command):
            least -= FOREIGN_SLACK
        support = self._support.of(call)
        return support is None or max(support, self._first_support(call)) >= least

    def _first_support(self, call: ToolCall) -> float:
        """Support of a first call by the first step of the command."""
        return self._support.of(call, words=first_step(self._command)) or 0.0

    def _may_be_first(self, call: ToolCall) -> bool:
        """Whether a call may be the first of several steps; of a single one there is no other."""
        is_single = first_step(self._command) == self._command
        return is_single or self._first_support(call) >= OPEN_SUPPORT

    def _score(self, call: ToolCall, share: float) -> float:
        """How well a first call fits."""
        return self._first_support(call) + math.log(max(share, 1e-6))
