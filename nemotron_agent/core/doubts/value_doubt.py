"""Looks at the values of a call: does the command tell them, and are they within bounds?"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.chat_model import CallCertainty
from nemotron_agent.core.command_text import first_step, names_only_text, refers_back
from nemotron_agent.core.doubts.command_support import CommandSupport
from nemotron_agent.core.doubts.said_values import (
    is_all_of,
    is_free_text,
    leaves_open,
    names_value,
)
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.number_words import tells_amount
from nemotron_agent.core.said_quantities import tells_amount_of, tells_other_kind
from nemotron_agent.core.tool import ToolSpec

UNSAID = 'Not done: the command does not say what {argument} of {name} is to be{choice}.'
BEYOND = 'Not done: {argument} of {name} is {value}, and must be {bound}.'
# A listed value chosen with this certainty was said; one with less than half was not.
SURE_VALUE = 0.98
SURE_NUMBER = 0.8
# What a made-up text must add to the support of its call, by a command that names some text.
TEXT_SUPPORT = 2.5
# What a value in between must have, of support and log-odds.
VALUE_SUPPORT = 1.2


class ValueDoubts:
    """Looks at the values of calls by one command.

    Args:
        command: of the task.
        tools: by name.
        support: of calls by the command.
        earlier: calls that were made for the commands before.
    """

    def __init__(
        self,
        command: str,
        tools: Mapping[str, ToolSpec],
        support: CommandSupport,
        earlier: Sequence[ToolCall],
    ) -> None:
        self._command = command
        self._earlier = earlier if refers_back(command) else ()
        self._tools = tools
        self._support = support

    def objection(
        self, call: ToolCall, certainty: CallCertainty, after: Sequence[ToolCall] = ()
    ) -> str:
        """What to tell the model of a value that the call must not have; empty if there is none.

        Args:
            call: of one of the tools.
            certainty: how sure the model was of it.
            after: the calls that were made before it.
        """
        for name, share in certainty.arguments.items():
            text = self._beyond(call, name)
            if not text and not self._is_said(call, name, share, after):
                text = self._unsaid(call, name)
            if text:
                return text
        return ''

    def objection_to_texts(self, call: ToolCall) -> str:
        """What to tell the model of a text that the command does not tell; empty if there is none.

        Args:
            call: of one of the tools.
        """
        untold = (name for name in call.arguments if not self._is_told_text(call, name))
        return next((self._unsaid(call, name) for name in untold), '')

    def names_listed(self, call: ToolCall) -> bool:
        """Whether the command names a listed value of a call."""
        return any(
            self._listed(call, name) and self._names(call, value)
            for name, value in call.arguments.items()
        )

    def _names(self, call: ToolCall, value: object) -> bool:
        aliases = self._tools[call.name].aliases
        return names_value(self._command, value, aliases.get(str(value), ()))

    def _beyond(self, call: ToolCall, name: str) -> str:
        """What is wrong with a number that is out of bounds; empty if it is not."""
        value = call.arguments[name]
        schema = self._schema(call, name)
        low, high = schema.get('minimum', -math.inf), schema.get('maximum', math.inf)
        if not isinstance(value, (int, float)) or low <= value <= high:
            return ''
        bound = f'at least {low}' if value < low else f'at most {high}'
        bound = f'{bound} {schema.get("unit", "")}'.rstrip()
        return BEYOND.format(argument=name, name=call.name, value=value, bound=bound)

    def _unsaid(self, call: ToolCall, name: str) -> str:
        listed = self._listed(call, name)
        choice = f': {", ".join(map(str, listed))}' if listed else ''
        return UNSAID.format(argument=name, name=call.name, choice=choice)

    def _listed(self, call: ToolCall, name: str) -> Sequence[object]:
        listed: Sequence[object] = self._schema(call, name).get('enum', ())
        return listed

    def _schema(self, call: ToolCall, name: str) -> Mapping[str, Any]:
        schema: Mapping[str, Any] = self._tools[call.name].parameters['properties'][name]
        return schema

    def _is_told_number(
        self, call: ToolCall, name: str, share: float, after: Sequence[ToolCall]
    ) -> bool:
        unit = self._schema(call, name).get('unit', '')
        if not unit:
            return share >= SURE_NUMBER or tells_amount(self._command)
        if not after and tells_other_kind(first_step(self._command), unit):
            return False
        return share >= SURE_NUMBER or tells_amount_of(self._command, unit)

    def _is_told_text(self, call: ToolCall, name: str) -> bool:
        """Whether the command tells what a text of the call is about; True of other values."""
        if not is_free_text(self._schema(call, name)):
            return True
        if is_all_of(self._command, call.arguments[name]):
            return False
        if self._support.is_told(call) or not names_only_text(self._command):
            return True
        support = self._support.of_text(call, name)
        return support is None or support >= TEXT_SUPPORT

    def _is_referred_to(self, call: ToolCall, name: str) -> bool:
        """Whether the command may mean a value of an earlier call."""
        return any(
            each.name == call.name and each.arguments.get(name) == call.arguments[name]
            for each in self._earlier
        )

    def _is_said(self, call: ToolCall, name: str, share: float, after: Sequence[ToolCall]) -> bool:
        value = call.arguments[name]
        if self._names(call, value) or self._is_referred_to(call, name):
            return True
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return self._is_told_number(call, name, share, after)
        if leaves_open(self._command, value, self._listed(call, name)):
            return False
        if share >= SURE_VALUE or share < 0.5:
            return share >= 0.5
        others = {key: each for key, each in call.arguments.items() if key != name}
        without = self._support.of(dataclasses.replace(call, arguments=others), after)
        support = self._support.of(call, after)
        if support is None or without is None:
            return True
        return support - without + math.log(share / (1.0 - share)) >= VALUE_SUPPORT
