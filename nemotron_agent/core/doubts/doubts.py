"""Looks twice at the calls of a model that finds a call for any command.

How sure it was of each part of a call is one hint (`CallCertainty`), how much the words of the
command support the call another (`CommandSupport`).
"""

from collections.abc import Callable, Collection, Sequence

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel, ModelReply
from nemotron_agent.core.command_text import without_heading
from nemotron_agent.core.doubts.ask_model import AskModel, OnProgress
from nemotron_agent.core.doubts.command_support import CommandSupport
from nemotron_agent.core.doubts.corrected_command import corrected
from nemotron_agent.core.doubts.first_call import FirstCall
from nemotron_agent.core.doubts.next_step import NextStep
from nemotron_agent.core.doubts.objection import Objection, Objections
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolResult, ToolSpec


class Doubts:
    """Looks twice at the calls of one task.

    `FirstCall` finds the first call, `NextStep` the later ones. A call that the command does not
    support, or with a value that it does not say, is held back (`Objections`). Then declining, or
    asking the operator, is all that is left.

    Args:
        command: of the task.
        before: the command before it in the conversation, if there is one.
        tools: what the model may call.
        disabled: names the tools that cannot be called now.
        earlier: the calls of the turns before, oldest turn first.

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
        earlier: Sequence[Sequence[ToolCall]] = (),
    ) -> None:
        self.withheld: frozenset[str] = frozenset()
        self._is_off = model.min_support is None
        if not self._is_off:
            command = without_heading(corrected(command, tools))
        self._tools = {tool.name: tool for tool in tools}
        self._support = CommandSupport(model, command, before, self._tools, cancel)
        self._objections = Objections(
            command, model.min_support or 0.0, before, self._tools, self._support, earlier
        )
        last = earlier[-1] if earlier else ()
        self._first_call = FirstCall(
            command, tools, self._support, self._objections, last, disabled
        )
        self._next_step = NextStep(command, tools, self._support, last, disabled)
        self._objection: Objection | None = None

    def reply(self, ask: AskModel, on_progress: OnProgress) -> ModelReply:
        """Ask the model for the next reply.

        Raises:
            ModelError: it could not be evaluated.
        """
        self._objection = None
        if self.withheld or self._is_off:
            return ask(self.withheld, on_progress)
        if self._next_step.has_begun:
            reply = self._next_step.reply(ask, on_progress)
        else:
            reply = self._first_call.reply(ask, on_progress)
            self._next_step.expect(self._first_call.steps)
        call = reply.message.tool_call
        tool = self._tools.get(call.name) if call else None
        if call and tool and not tool.builtin:
            self._objection = self._objection_to(call, reply)
        return reply

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

    def _objection_to(self, call: ToolCall, reply: ModelReply) -> Objection | None:
        if self._next_step.has_begun:
            return self._objections.to_values(call, reply.certainty, self._next_step.done)
        return self._objections.to_first(call, reply.certainty)
