"""Why a call of a model that finds a call for any command is not to be run."""

import dataclasses
from collections.abc import Mapping, Sequence

from nemotron_agent.core.builtin_tools import ASK_OPERATOR, DECLINE
from nemotron_agent.core.chat_model import CallCertainty
from nemotron_agent.core.command_text import (
    first_step,
    leaves_open_what,
    refers_back,
    undoes,
    wants_the_same,
)
from nemotron_agent.core.doubts.command_language import is_english
from nemotron_agent.core.doubts.command_support import CommandSupport
from nemotron_agent.core.doubts.value_doubt import ValueDoubts
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec

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
# "Fetch me that thing" supports too many calls.
OPEN_EXTRA = 3.0
# A tool chosen with this certainty is the likeliest of all by far.
SURE_TOOL = 0.95
# A first tool chosen with this certainty needs no support: measuring it takes time.
PLAIN_TOOL = 0.99


@dataclasses.dataclass(frozen=True)
class Objection:
    """Why a call is not to be run, and the built-in that is to end the task instead."""

    text: str
    end: str


class Objections:
    """Finds what speaks against the calls of one task.

    Args:
        command: of the task.
        min_support: of a first call that is neither a follow-up nor names a listed value.
        before: the command before it in the conversation, if there is one.
        tools: by name.
        support: of calls by the command.
        earlier: the calls of the turns before, oldest turn first.
    """

    def __init__(
        self,
        command: str,
        min_support: float,
        before: str | None,
        tools: Mapping[str, ToolSpec],
        support: CommandSupport,
        earlier: Sequence[Sequence[ToolCall]],
    ) -> None:
        self._command = command
        self._min_support = min_support
        self._before = before
        self._support = support
        self._earlier = [call for turn in earlier for call in turn]
        self._last = earlier[-1] if earlier else ()
        self._values = ValueDoubts(command, tools, support, self._earlier)

    def to_first(self, call: ToolCall, certainty: CallCertainty | None) -> Objection | None:
        """Why the first call of the task is not to be run; None if it may."""
        if not self._is_supported(call, certainty):
            if certainty and certainty.tool >= SURE_TOOL:
                # The skill may be right, and a value of it open.
                open_value = self.to_values(call, certainty)
                if open_value:
                    return open_value
            asks = self._before is None and leaves_open_what(self._command)
            return _objection(asks, UNSUPPORTED.format(name=call.name))
        return self.to_values(call, certainty)

    def to_values(
        self, call: ToolCall, certainty: CallCertainty | None, done: Sequence[ToolCall] = ()
    ) -> Objection | None:
        """Why a call is not to be run with its values, after others; None if it may."""
        text = self._values.objection(call, certainty, done) if certainty else ''
        if text:
            return _objection(self._support.asks_for_more(), text)
        # Any robot that has a voice can say what it is told: it only has to be told.
        text = self._values.objection_to_texts(call)
        return _objection(True, text) if text else None

    def _is_supported(self, call: ToolCall, certainty: CallCertainty | None) -> bool:
        if (certainty and certainty.tool >= PLAIN_TOOL) or self.is_meant_again(call):
            return True
        least = self._min_support
        if self._before is not None:
            least -= FOLLOW_UP_SLACK
        if self._values.names_listed(call):
            least -= NAMED_SLACK
        if self._before is None and leaves_open_what(self._command):
            least += OPEN_EXTRA
        elif not is_english(self._command):
            least -= FOREIGN_SLACK
        support = self._support.of(call)
        by_first_step = self._support.of(call, words=first_step(self._command))
        return support is None or max(support, by_first_step or 0.0) >= least

    def is_meant_again(self, call: ToolCall) -> bool:
        """Whether a follow-up may mean a call as one that was made before."""
        is_about_last = wants_the_same(self._command) or undoes(self._command)
        if is_about_last and any(call.name == each.name for each in self._last):
            return True
        return refers_back(self._command) and any(map(call.is_same_as, self._earlier))


def _objection(asks: bool, text: str) -> Objection:
    """An objection after which the operator is asked, or told that it cannot be done."""
    if asks:
        return Objection(f'{text} {ASK}', ASK_OPERATOR.spec.name)
    return Objection(f'{text} {TELL}', DECLINE.spec.name)
