"""Looks at the values of a call: does the command tell them, and are they within bounds?"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import Any

from nemotron_agent.core.chat_model import CallCertainty
from nemotron_agent.core.command_support import CommandSupport
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.said_values import leaves_open, names_value, tells_amount
from nemotron_agent.core.tool import ToolSpec

UNSAID = 'Not done: the command does not say what {argument} of {name} is to be{choice}.'
BEYOND = 'Not done: {argument} of {name} is {value}, and must be {bound}.'
# A listed value chosen with this certainty was said; one with less than half was not.
SURE_VALUE = 0.98
SURE_NUMBER = 0.8
# What a value in between must have, of support and log-odds.
VALUE_SUPPORT = 1.2


class ValueDoubts:
    """Looks at the values of calls by one command.

    Args:
        command: of the task.
        tools: by name.
        support: of calls by the command.
    """

    def __init__(
        self, command: str, tools: Mapping[str, ToolSpec], support: CommandSupport
    ) -> None:
        self._command = command
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

    def names_listed(self, call: ToolCall) -> bool:
        """Whether the command names a listed value of a call."""
        return any(
            self._listed(call, name) and names_value(self._command, value)
            for name, value in call.arguments.items()
        )

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

    def _is_said(self, call: ToolCall, name: str, share: float, after: Sequence[ToolCall]) -> bool:
        value = call.arguments[name]
        if names_value(self._command, value):
            return True
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return share >= SURE_NUMBER or tells_amount(self._command)
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
