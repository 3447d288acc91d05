"""How a family of models writes tool calls."""

import abc
import dataclasses
import enum
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.grammar_text import Marker
from nemotron_agent.llm.tool_formats.reply_scan import (
    ReplyScan,
    UnreadableCallError,
    WrittenCall,
)


@dataclasses.dataclass(frozen=True)
class CallProblem:
    """Why text that means to be a call is none; `text` is for the model to correct it."""

    text: str


class Dress(enum.Enum):
    """What the beginning of a reply in free text looks like."""

    CALL = 'call'
    UNDECIDED = 'undecided'
    TEXT = 'text'


class ToolFormat(abc.ABC):
    """A way to write calls. Has no state; parsers never raise.

    Attributes:
        name: as the parameter `tool_format` says it.
        call_begin: text, or special token, that begins a call.
        call_end: what ends it.
        result_begin, result_end: the fence around a tool's result.
    """

    name: ClassVar[str]
    call_begin: ClassVar[str] = '<tool_call>'
    call_end: ClassVar[str] = '</tool_call>'
    result_begin: ClassVar[str] = '<tool_response>'
    result_end: ClassVar[str] = '</tool_response>'
    dresses: ClassVar[tuple[str, ...]] = ('{', '[', '```', '<function')
    _name_pattern: ClassVar[re.Pattern[str]]
    _opening: ClassVar[re.Pattern[str]]
    _nothing: ClassVar[str]

    @abc.abstractmethod
    def recognises(self, template: str) -> bool:
        """Whether a chat template has the model write calls this way."""

    @abc.abstractmethod
    def grammar(self, tools: Sequence[ToolSpec], begin: Marker, end: Marker) -> str:
        """Grammar of exactly one call, in llguidance's Lark, from `begin` to `end`.

        Raises:
            ConfigurationError: a tool's schema says what no grammar here can.
        """

    @abc.abstractmethod
    def call_text(self, call: ToolCall) -> str:
        """Write a call as the model would, markers included."""

    @abc.abstractmethod
    def tools_text(self, tools: Sequence[ToolSpec]) -> str:
        """Tell a model whose template knows no tools what they are and how to call them."""

    @abc.abstractmethod
    def _read(self, text: str, position: int, tools: Mapping[str, ToolSpec]) -> WrittenCall:
        """Read the call at a place that `_opening` leads to.

        Raises:
            UnreadableCallError: it is none, or it does not end.
        """

    @abc.abstractmethod
    def spoken_so_far(self, text: str, parameter: str) -> str:
        """Value, as far as it is written, of a string argument in an unfinished call."""

    @abc.abstractmethod
    def value_span(self, text: str, name: str, value: Any) -> tuple[int, int]:
        """Begin and end of an argument's value in a call that the grammar wrote."""

    def name_span(self, text: str) -> tuple[int, int]:
        """Begin and end of the tool's name in a call that the grammar wrote."""
        match = self._name_pattern.search(text)
        return match.span(1) if match else (0, 0)

    def parse(self, text: str, tools: Sequence[ToolSpec]) -> ToolCall | CallProblem:
        """Read the first call that a reply makes; of several in a row the others are left.

        Never raises, and never makes up a call: one that has no end, has two values for an
        argument or stands only in the reasoning is a problem. Arguments are as they were written,
        whether they fit the tool's schema or not.
        """
        by_name = {tool.name: tool for tool in tools}
        text = _with_plain_lines(text)
        scan = ReplyScan(text, self._opening, lambda place: self._read(text, place, by_name))
        try:
            call = scan.first_call()
            if call is None:
                raise UnreadableCallError(self._nothing)
        except UnreadableCallError as error:
            return CallProblem(f'The call could not be read: {error}.')
        except RecursionError:
            return CallProblem('The call could not be read: it is nested too deeply.')
        if call.name not in by_name:
            known = ', '.join(by_name) or 'none'
            return CallProblem(f'There is no tool "{call.name}". The tools are: {known}.')
        return ToolCall(uuid.uuid4().hex, call.name, call.arguments)

    def called_name(self, text: str) -> str:
        """Name of the tool in an unfinished call; empty while it is not complete."""
        match = self._name_pattern.search(text)
        return match[1] if match else ''

    def dress(self, text: str) -> Dress:
        """Tell whether a reply begins as a call, though not with the model's own token."""
        beginning = text.lstrip()
        if any(beginning.startswith(dress) for dress in self.dresses):
            return Dress.CALL
        if any(dress.startswith(beginning) for dress in (*self.dresses, self.call_begin)):
            return Dress.UNDECIDED
        return Dress.TEXT

    def result_text(self, text: str) -> str:
        """Write a tool's result, as a user's message, for a template that knows none."""
        return f'{self.result_begin}\n{text}\n{self.result_end}'

    @property
    def markers(self) -> tuple[str, ...]:
        """What no text of others may hold, whether it is a special token of a model or not."""
        return (self.call_begin, self.call_end, self.result_begin, self.result_end)


def _with_plain_lines(text: str) -> str:
    """The text with plain line ends, if it is written with the ones of Windows throughout."""
    windows = text.count('\r\n')
    return text.replace('\r\n', '\n') if windows and windows == text.count('\n') else text
