"""What follows the calls that have run, for a model that does not know when it is done.

A small model stops after the first of several steps, or goes on when all is done.
"""

from collections.abc import Callable, Collection, Sequence

from nemotron_agent.core.chat_model import ModelReply
from nemotron_agent.core.command_text import (
    count_steps,
    has_alternatives,
    is_conditional,
    most_steps,
    times_wanted,
    undoes,
    wants_on_failure,
    wants_the_same,
)
from nemotron_agent.core.doubts.ask_model import AskModel, OnProgress, ignore, skill_call
from nemotron_agent.core.doubts.command_support import CommandSupport
from nemotron_agent.core.doubts.said_condition import (
    ComparedCondition,
    compared_condition,
)
from nemotron_agent.core.doubts.said_values import (
    is_all_of,
    is_free_text,
    named_values,
    takers_of,
    unused_values,
)
from nemotron_agent.core.doubts.told_numbers import lacks_amount, may_tell_numbers_of
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.progress_note import LEFT, named
from nemotron_agent.core.tool import Outcome, ToolResult, ToolSpec

# What a call must add to those that ran, to be what is left of the command.
OPEN_SUPPORT = 1.0
# The same where the wording tells of no more steps than have run.
HIDDEN_SUPPORT = 2.0
# The same for a call with a text that the command does not tell: a report, most of the time.
OPEN_TEXT_SUPPORT = 4.0
# Of a step chosen with less certainty, and with less support, the next choice is looked at too;
# it must have so much more support.
SURE_STEP = 0.8
PLAIN_SUPPORT = 5.0
BETTER_BY = 3.0
# How many skills are tried for a step of a command.
MAX_CHOICES = 3


class NextStep:
    """Finds the next call of a task as long as its command wants one more.

    As long as the command's words may tell of more than has run, the model must name a skill. It
    sees what is done beside the last result, for that reply alone. The call counts if the command
    supports it on top of what has run. If none does, the model can only say that it is done. Once
    as much has run as the words tell of, it may say so at once, or go on with what they support.

    Args:
        command: of the task.
        tools: what the model may call.
        support: of calls by the command.
        last: the calls that were made for the command before.
        disabled: names the tools that cannot be called now.

    Attributes:
        done: calls that succeeded.
    """

    def __init__(
        self,
        command: str,
        tools: Sequence[ToolSpec],
        support: CommandSupport,
        last: Sequence[ToolCall],
        disabled: Callable[[], Collection[str]],
    ) -> None:
        self.done: list[ToolCall] = []
        self._command = command
        self._skills = {tool.name: tool for tool in tools if not tool.builtin}
        is_about_last = bool(last) and (wants_the_same(command) or undoes(command))
        self._most_steps = self._steps_again(last) if is_about_last else most_steps(command)
        self._builtins = frozenset(tool.name for tool in tools if tool.builtin)
        self._support = support
        self._last = last
        self._disabled = disabled
        self._runs = 0
        self._tried: ToolCall | None = None
        self._failed = False
        self._result = ''

    def _steps_again(self, last: Sequence[ToolCall]) -> int:
        """How many steps "the same" is: as many as before, and one to get "there"."""
        names = {call.name for call in last}
        taken = named_values(self._command, (self._skills[n] for n in names & self._skills.keys()))
        elsewhere = named_values(self._command, self._skills.values()) - taken
        return max(count_steps(self._command), len(last) + bool(elsewhere))

    @property
    def has_begun(self) -> bool:
        """Whether any call has run."""
        return bool(self.done) or self._failed

    def add_run(self, call: ToolCall, result: ToolResult) -> None:
        """Take a call that was run, and what came of it."""
        self._runs += 1
        self._tried = call
        self._failed = result.outcome is not Outcome.SUCCEEDED
        self._result = '' if self._failed else result.text
        if not self._failed:
            self.done.append(call)

    def expect(self, steps: int) -> None:
        """Go on up to a number of steps, though the wording may tell of fewer."""
        self._most_steps = max(self._most_steps, steps)

    def reply(self, ask: AskModel, on_progress: OnProgress) -> ModelReply:
        """The next call if the command wants one more, or what the model says at the end.

        Raises:
            ModelError: it could not be evaluated.
        """
        condition = self._condition
        if condition and not condition.left:
            return ask(frozenset(self._skills), on_progress)
        if self._may_go_on(ask):
            return self._step(ask) or ask(frozenset(self._skills), on_progress)
        if is_conditional(self._command):
            return ask(frozenset(self._skills), on_progress)
        # The words may hide a step: "inspect the valve" is to go there first.
        reply = ask(self._pointless(), on_progress, listed=self._unused())
        call = skill_call(reply, self._skills)
        if call is None or (self._is_new(call) and self._is_open(call, HIDDEN_SUPPORT)):
            return reply
        return ask(frozenset(self._skills), on_progress)

    @property
    def _condition(self) -> ComparedCondition | None:
        """The command's condition on a number, compared with that in the last result."""
        return compared_condition(self._command, self._result)

    @property
    def _is_instead(self) -> bool:
        """Whether something else is wanted now that a call has failed."""
        return self._failed and wants_on_failure(self._command)

    @property
    def _left_words(self) -> str:
        """The words that tell what is left to do, and maybe what is done already."""
        return self._condition.left if self._condition else self._command

    def _may_go_on(self, ask: AskModel) -> bool:
        if self._condition:
            return True
        lacks_value = not is_conditional(self._command) and bool(self._unused())
        may_go_on = self._most_steps > self._runs or lacks_value
        if wants_on_failure(self._command):
            return may_go_on if self._failed else self._most_steps > self._runs + 1
        is_open = is_conditional(self._command) and not has_alternatives(self._command)
        if self._failed or (may_go_on and is_open):
            # It depends on the result: that is the model's to say.
            reply = ask(self._pointless(), ignore, self._note(), self._unused())
            return skill_call(reply, self._skills) is not None
        return may_go_on

    def _step(self, ask: AskModel) -> ModelReply | None:
        """The first choice that the command wants on top of what has run, if it wants one."""
        withheld = self._builtins | self._pointless()
        for _ in range(MAX_CHOICES):
            if withheld.union(self._disabled()) >= self._skills.keys():
                break
            reply = ask(withheld, ignore, self._note(), self._unused())
            call = skill_call(reply, self._skills)
            if call is None:
                break
            if self._is_open(call):
                return self._better(ask, reply, call, withheld | {call.name}) or reply
            withheld |= {call.name}
        return self._step_with_unused(ask)

    def _step_with_unused(self, ask: AskModel) -> ModelReply | None:
        """A call with a value that the command names, and no call so far has."""
        unused = self._unused()
        takers = takers_of(unused, self._skills) - self._pointless().union(self._disabled())
        if not takers:
            return None
        withheld = self._builtins | (self._skills.keys() - takers)
        reply = ask(withheld, ignore, self._note(), unused)
        call = skill_call(reply, self._skills)
        is_open = call and not unused.isdisjoint(call.arguments.values()) and self._is_open(call)
        return reply if is_open else None

    def _better(
        self, ask: AskModel, reply: ModelReply, call: ToolCall, withheld: frozenset[str]
    ) -> ModelReply | None:
        """Another choice of a step that leaves nothing of the command to an unsure first one."""
        gain = self._support.of(call, self.done, self._left_words)
        is_sure = reply.certainty is None or reply.certainty.tool >= SURE_STEP
        if is_sure or gain is None or gain >= PLAIN_SUPPORT:
            return None
        for _ in range(MAX_CHOICES - 1):
            if withheld.union(self._disabled()) >= self._skills.keys():
                return None
            other = ask(withheld, ignore, self._note(), self._unused())
            rival = skill_call(other, self._skills)
            if rival is None:
                return None
            if self._is_open(rival):
                rival_gain = self._support.of(rival, self.done, self._left_words) or 0.0
                left = self._support.of(call, [*self.done, rival], self._left_words) or 0.0
                return other if rival_gain > gain + BETTER_BY and left < OPEN_SUPPORT else None
            withheld |= {rival.name}
        return None

    def _is_new(self, call: ToolCall) -> bool:
        """Whether a call is of a skill that has not run."""
        return all(call.name != each.name for each in self.done)

    def _note(self) -> str:
        if not self.done:
            return ''
        return LEFT.format(command=self._left_words, done=named(self.done))

    def _is_open(self, call: ToolCall, least: float = OPEN_SUPPORT) -> bool:
        """Whether the command wants a call on top of what has run."""
        repeats = sum(call.is_same_as(each) for each in self.done)
        is_repeated = bool(self.done) and call.is_same_as(self.done[-1])
        if is_repeated and repeats >= times_wanted(self._command):
            return False
        if self._is_instead and self._tried and call.is_same_as(self._tried):
            return False
        if self._is_wanted_again(call):
            return True
        if not may_tell_numbers_of(self._command, call, self._skills[call.name]):
            return False
        support = self._support.of(call, self.done, self._left_words)
        if not self._support.is_told(call) and not self._is_instead:
            least = OPEN_TEXT_SUPPORT
        return support is None or support >= least

    def _is_wanted_again(self, call: ToolCall) -> bool:
        """Whether a call is one of the turn before, which the command wants once more."""
        if not wants_the_same(self._command) or any(map(call.is_same_as, self.done)):
            return False
        return any(self._repeats(call, each) for each in self._last)

    def _repeats(self, call: ToolCall, other: ToolCall) -> bool:
        """Whether a call is another one again, though a text of it may say more."""
        if call.name != other.name or call.arguments.keys() != other.arguments.keys():
            return False
        properties = self._skills[call.name].parameters['properties']
        return all(
            value == other.arguments[name]
            or (is_free_text(properties[name]) and is_all_of(str(other.arguments[name]), value))
            for name, value in call.arguments.items()
        )

    def _pointless(self) -> frozenset[str]:
        """Skills that cannot be what is left."""
        return frozenset(
            name
            for name, tool in self._skills.items()
            if self._would_repeat(tool) or lacks_amount(self._command, tool)
        )

    def _would_repeat(self, tool: ToolSpec) -> bool:
        """Whether a call of a tool can only be the last one again."""
        if tool.parameters['properties'] or not self.done or self.done[-1].name != tool.name:
            return False
        return times_wanted(self._command) == 1

    def _unused(self) -> frozenset[str]:
        """Values that the command names, and no call that has run has."""
        used = [*self.done, self._tried] if self._is_instead and self._tried else self.done
        return unused_values(self._left_words, self._skills.values(), used)
