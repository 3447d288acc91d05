"""What follows the calls that have run, for a model that does not know when it is done.

A small model stops after the first of several steps, or goes on when all is done.
"""

from collections.abc import Callable, Collection, Sequence

from nemotron_agent.core.ask_model import AskModel, OnProgress, ignore
from nemotron_agent.core.chat_model import ModelReply
from nemotron_agent.core.command_support import CommandSupport
from nemotron_agent.core.command_text import is_conditional, most_steps, times_wanted
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.progress_note import LEFT, named
from nemotron_agent.core.said_condition import condition_holds
from nemotron_agent.core.said_quantities import tells_amount_of
from nemotron_agent.core.tool import Outcome, ToolResult, ToolSpec

# What a call must add to those that ran, to be what is left of the command.
OPEN_SUPPORT = 1.0
# The same where the wording tells of no more steps than have run.
HIDDEN_SUPPORT = 2.0
# The same for a call with a text that the command does not tell: a report, most of the time.
OPEN_TEXT_SUPPORT = 4.0
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
        before: the command before it in the conversation, if there is one.
        tools: what the model may call.
        support: of calls by the command.
        disabled: names the tools that cannot be called now.

    Attributes:
        done: calls that succeeded.
    """

    def __init__(
        self,
        command: str,
        before: str | None,
        tools: Sequence[ToolSpec],
        support: CommandSupport,
        disabled: Callable[[], Collection[str]],
    ) -> None:
        self.done: list[ToolCall] = []
        self._command = command
        self._most_steps = most_steps(command, before)
        self._skills = {tool.name: tool for tool in tools if not tool.builtin}
        self._builtins = frozenset(tool.name for tool in tools if tool.builtin)
        self._support = support
        self._disabled = disabled
        self._failed = False
        self._result = ''

    @property
    def has_begun(self) -> bool:
        """Whether any call has run."""
        return bool(self.done) or self._failed

    def add_run(self, call: ToolCall, result: ToolResult) -> None:
        """Take a call that was run, and what came of it."""
        self._failed = result.outcome is not Outcome.SUCCEEDED
        self._result = '' if self._failed else result.text
        if not self._failed:
            self.done.append(call)

    def reply(self, ask: AskModel, on_progress: OnProgress) -> ModelReply:
        """The next call if the command wants one more, or what the model says at the end.

        Raises:
            ModelError: it could not be evaluated.
        """
        if self._may_go_on(ask):
            return self._step(ask) or ask(frozenset(self._skills), on_progress)
        # The words may hide a step: "inspect the valve" is to go there first.
        reply = ask(self._pointless(), on_progress)
        call = self._skill_call(reply)
        if call is None or self._is_open(call, HIDDEN_SUPPORT):
            return reply
        return ask(frozenset(self._skills), on_progress)

    def _may_go_on(self, ask: AskModel) -> bool:
        holds = condition_holds(self._command, self._result)
        if holds is not None:
            return holds
        may_go_on = self._most_steps > len(self.done)
        if self._failed or (may_go_on and is_conditional(self._command)):
            # It depends on the result: that is the model's to say.
            return self._skill_call(ask(self._pointless(), ignore, self._note())) is not None
        return may_go_on

    def _step(self, ask: AskModel) -> ModelReply | None:
        """The first choice that the command wants on top of what has run, if it wants one."""
        withheld = self._builtins | self._pointless()
        for _ in range(MAX_CHOICES):
            if withheld.union(self._disabled()) >= self._skills.keys():
                break
            reply = ask(withheld, ignore, self._note())
            call = self._skill_call(reply)
            if call is None:
                break
            if self._is_open(call):
                return reply
            withheld |= {call.name}
        return None

    def _skill_call(self, reply: ModelReply) -> ToolCall | None:
        call = reply.message.tool_call
        return call if call and call.name in self._skills else None

    def _note(self) -> str:
        return LEFT.format(command=self._command, done=named(self.done)) if self.done else ''

    def _is_open(self, call: ToolCall, least: float = OPEN_SUPPORT) -> bool:
        """Whether the command wants a call on top of what has run."""
        repeats = sum(call.is_same_as(each) for each in self.done)
        is_repeated = bool(self.done) and call.is_same_as(self.done[-1])
        if is_repeated and repeats >= times_wanted(self._command):
            return False
        support = self._support.of(call, self.done)
        if not self._support.is_told(call):
            least = OPEN_TEXT_SUPPORT
        return support is None or support >= least

    def _pointless(self) -> frozenset[str]:
        """Skills that cannot be what is left."""
        return frozenset(
            name
            for name, tool in self._skills.items()
            if self._would_repeat(tool) or self._lacks_amount(tool)
        )

    def _would_repeat(self, tool: ToolSpec) -> bool:
        """Whether a call of a tool can only be the last one again."""
        if tool.parameters['properties'] or not self.done or self.done[-1].name != tool.name:
            return False
        return times_wanted(self._command) == 1

    def _lacks_amount(self, tool: ToolSpec) -> bool:
        """Whether a tool needs a number that the command does not tell."""
        properties = tool.parameters['properties']
        needed = [properties[name] for name in tool.parameters.get('required', ())]
        units = [schema['unit'] for schema in needed if 'unit' in schema]
        return any(not tells_amount_of(self._command, unit) for unit in units)
