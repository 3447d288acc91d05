"""The first call of a task, of a model that finds a call for any command."""

import functools
import math
from collections.abc import Callable, Collection, Sequence

from nemotron_agent.core.builtin_tools import ANSWER
from nemotron_agent.core.chat_model import CallCertainty, ModelReply
from nemotron_agent.core.command_text import first_step, undoes
from nemotron_agent.core.doubts.ask_model import AskModel, OnProgress, ignore, skill_call
from nemotron_agent.core.doubts.command_support import CommandSupport
from nemotron_agent.core.doubts.next_step import BETTER_BY, MAX_CHOICES, OPEN_SUPPORT
from nemotron_agent.core.doubts.objection import SURE_TOOL, Objections
from nemotron_agent.core.doubts.said_values import (
    named_values,
    opposite_values,
    takers_of,
    unused_values,
)
from nemotron_agent.core.doubts.told_numbers import lacks_amount
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec

# An answer chosen with less certainty than this, before anything was done, reports nothing.
SURE_ANSWER = 0.7
# How much likelier the command must be by a step and the first choice than the other way round.
SOONER_BY = 1.0


class FirstCall:
    """Finds the first call of a task.

    Where the model is not sure of the tool, or there is an objection to its call, it is asked for
    its second choice; the one that the command supports better counts. Where the first step names
    a listed value that the call does not have, what takes that value may be a step before it
    ("the temperature at the tank").

    Args:
        command: of the task.
        tools: what the model may call.
        support: of calls by the command.
        objections: to calls.
        last: the calls that were made for the command before.
        disabled: names the tools that cannot be called now.

    Attributes:
        steps: how many calls the command is known to want.
    """

    def __init__(
        self,
        command: str,
        tools: Sequence[ToolSpec],
        support: CommandSupport,
        objections: Objections,
        last: Sequence[ToolCall],
        disabled: Callable[[], Collection[str]],
    ) -> None:
        self.steps = 1
        self._command = command
        self._last = last
        self._step = first_step(command)
        self._is_single = self._step == command
        self._skills = {tool.name: tool for tool in tools if not tool.builtin}
        self._builtins = frozenset(tool.name for tool in tools if tool.builtin)
        self._support = support
        self._objections = objections
        self._disabled = disabled

    def reply(self, ask: AskModel, on_progress: OnProgress) -> ModelReply:
        """Ask the model for its first reply.

        Raises:
            ModelError: it could not be evaluated.
        """
        self.steps = 1
        reply = ask(frozenset(), on_progress, listed=self._named)
        called, certainty = reply.message.tool_call, reply.certainty
        if called and called.name == ANSWER.spec.name and certainty:
            # Nothing was done that could be reported.
            is_sure = certainty.tool >= SURE_ANSWER
            return reply if is_sure else ask(frozenset([called.name]), ignore, listed=self._named)
        call = skill_call(reply, self._skills)
        if call is None or certainty is None:
            return reply
        if self._objections.is_meant_again(call):
            return reply
        may_run = self._objections.to_first(call, certainty) is None
        may_be_first = self._may_be_first(call)
        if certainty.tool < SURE_TOOL or not may_run or not may_be_first:
            better = None if may_be_first else self._with_other_values(ask, call)
            better = better or self._better(ask, reply, 1 if may_be_first else MAX_CHOICES - 1)
            if better:
                return better
        return (self._sooner(ask, call) if may_run else None) or reply

    @functools.cached_property
    def _named(self) -> frozenset[str]:
        """Listed values that the first call is to take, if it can take some."""
        named = named_values(self._step, self._skills.values())
        if undoes(self._command) and not named:
            return opposite_values(self._last, self._skills)
        return named

    @functools.cached_property
    def _lacking_amount(self) -> frozenset[str]:
        """Skills that need a number which the command does not tell."""
        return frozenset(
            name for name, tool in self._skills.items() if lacks_amount(self._command, tool)
        )

    def _with_other_values(self, ask: AskModel, first: ToolCall) -> ModelReply | None:
        """The first step, where the first choice is a later step by the same tool."""
        properties = self._skills[first.name].parameters['properties']
        others = {
            value
            for name in first.arguments
            for value in properties[name].get('enum', ())
            if value != first.arguments[name]
        }
        if not others:
            return None
        withheld = frozenset(self._skills) - {first.name} | self._builtins
        reply = ask(withheld, ignore, listed=self._named or frozenset(others))
        call = skill_call(reply, self._skills)
        if call is None or self._support_of(call) - self._support_of(first) <= BETTER_BY:
            return None
        return None if self._objections.to_first(call, reply.certainty) else reply

    def _better(self, ask: AskModel, first: ModelReply, tries: int) -> ModelReply | None:
        """A later choice that the command supports better than the first."""
        call = skill_call(first, self._skills)
        withheld = self._lacking_amount | self._builtins | frozenset([call.name] if call else [])
        for _ in range(tries):
            if withheld.union(self._disabled()) >= self._skills.keys():
                break
            other = ask(withheld, ignore, listed=self._named)
            if self._is_better(other, first):
                return other
            rival = skill_call(other, self._skills)
            if rival is None:
                break
            withheld |= {rival.name}
        return None

    def _is_better(self, second: ModelReply, first: ModelReply) -> bool:
        call, other = skill_call(first, self._skills), skill_call(second, self._skills)
        if not (call and other and first.certainty and second.certainty):
            return False
        share = (1.0 - first.certainty.tool) * second.certainty.tool
        if self._score(other, share) - self._score(call, first.certainty.tool) <= BETTER_BY:
            return False
        if self._objections.to_first(other, second.certainty) is None:
            return True
        may_run = self._objections.to_first(call, first.certainty) is None
        return not may_run and self._support_of(other) > BETTER_BY

    def _sooner(self, ask: AskModel, first: ToolCall) -> ModelReply | None:
        """A step to be done before the first choice, which does not have all that is named."""
        unused = unused_values(self._step, self._skills.values(), [first])
        takers = takers_of(unused, self._skills) - {first.name, *self._disabled()}
        if not takers:
            return None
        withheld = frozenset(self._skills) - takers | self._builtins
        reply = ask(withheld, ignore, listed=unused)
        call = skill_call(reply, self._skills)
        if call is None or unused.isdisjoint(call.arguments.values()):
            return None
        if not self._goes_before(call, first, reply.certainty):
            return None
        self.steps = 2
        return reply

    def _goes_before(
        self, call: ToolCall, first: ToolCall, certainty: CallCertainty | None
    ) -> bool:
        """Whether a call is a step of the command to be done before the first choice."""
        adds = self._support.of(first, [call], self._step)
        sooner = self._support.of_plan([call, first], self._step)
        later = self._support.of_plan([first, call], self._step)
        if adds is None or sooner is None or later is None:
            return False
        if adds < OPEN_SUPPORT or sooner - later < SOONER_BY:
            return False
        return self._objections.to_first(call, certainty) is None

    def _support_of(self, call: ToolCall) -> float:
        """Support of a call by the first step of the command."""
        return self._support.of(call, words=self._step) or 0.0

    def _may_be_first(self, call: ToolCall) -> bool:
        """Whether a call may be the first of several steps; of a single one there is no other."""
        return self._is_single or self._support_of(call) >= OPEN_SUPPORT

    def _score(self, call: ToolCall, share: float) -> float:
        """How well a first call fits."""
        return self._support_of(call) + math.log(max(share, 1e-6))
