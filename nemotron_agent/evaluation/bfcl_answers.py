"""BFCL's accepted answers as expected calls."""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from nemotron_agent.core.problems import near_miss, shown
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.evaluation.bfcl_functions import tool_name
from nemotron_agent.evaluation.bfcl_records import LeftOutError, Record
from nemotron_agent.evaluation.case import ExpectedCall
from nemotron_agent.evaluation.matchers import is_number

LEFT_OUT = ''
_FORM = '[{"function_name": {"argument": [accepted, values]}}]'


@dataclasses.dataclass(frozen=True)
class Accepted:
    """A `Matcher` of one of some values.

    Numbers are equal exactly, texts whatever their case, blanks and punctuation, as in BFCL.

    Attributes:
        may_be_missing: the argument may be left out.
    """

    values: tuple[Any, ...]
    may_be_missing: bool = False

    @property
    def plain_values(self) -> tuple[Any, ...]:
        """See `Matcher`."""
        return self.values

    def matches(self, value: Any) -> bool:
        """See `Matcher`."""
        return any(_same(accepted, value) for accepted in self.values)

    def __str__(self) -> str:
        return ' or '.join([*map(shown, self.values), *['nothing'] * self.may_be_missing])


def expected_calls(
    record: Record, truth: Any, key: str, specs: Sequence[ToolSpec]
) -> tuple[ExpectedCall, ...]:
    """The calls that are right in one turn.

    Raises:
        BfclError: they are not written as they must be, or do not fit the functions.
        LeftOutError: they cannot be said with flat arguments.
    """
    calls = record.checked(truth, list, key, _FORM)
    return tuple(_call(record, each, f'{key}[{n}]', specs) for n, each in enumerate(calls))


def _call(record: Record, call: Any, key: str, specs: Sequence[ToolSpec]) -> ExpectedCall:
    if isinstance(call, str):
        raise record.error(
            key, f'{shown(call)} is code to run, not accepted values', 'leave this file out'
        )
    record.checked(call, dict, key, _FORM)
    if len(call) != 1:
        raise record.error(key, f'{len(call)} functions are named', f'write {_FORM}')
    ((name, arguments),) = call.items()
    key = f'{key}.{name}'
    spec = next((each for each in specs if each.name == tool_name(name)), None)
    if spec is None:
        known = [each.name for each in specs]
        raise record.error(key, 'the case has no such function', near_miss(name, known))
    record.checked(arguments, dict, key, '{"argument": [accepted, values]}')
    properties = spec.parameters['properties']
    accepted = dict(_accepted(record, arguments, key, '', properties, False))
    for each in spec.parameters['required']:
        if each not in accepted:
            raise record.error(key, f'the argument {each} is required', 'add what is accepted')
    # Validation would take the matchers for values.
    return ExpectedCall.model_construct(tool=spec.name, arguments=accepted)


def _accepted(
    record: Record,
    arguments: Mapping[str, Any],
    key: str,
    prefix: str,
    properties: Mapping[str, Any],
    may_be_missing: bool,
) -> Iterator[tuple[str, Accepted]]:
    for name, accepted in arguments.items():
        where, flat_name = f'{key}.{name}', f'{prefix}{name}'
        record.checked(accepted, list, where, f'[{shown(accepted)}]')
        values = [value for value in accepted if value != LEFT_OUT]
        missing = may_be_missing or len(values) < len(accepted)
        if flat_name in properties:
            # An empty text is a value, too, for an argument that is a text.
            yield flat_name, Accepted(tuple(accepted if missing else values), missing)
        elif any(each.startswith(f'{flat_name}_') for each in properties):
            if len(values) > 1:
                raise LeftOutError(f'{flat_name} may be one of several objects')
            for value in values:
                record.checked(value, dict, where, '[{"argument": [accepted, values]}]')
                yield from _accepted(record, value, where, f'{flat_name}_', properties, missing)
        else:
            raise record.error(
                where, 'the function has no such argument', near_miss(flat_name, properties)
            )


def _same(accepted: Any, given: Any) -> bool:
    if isinstance(accepted, str) and isinstance(given, str):
        return _plain(accepted) == _plain(given)
    if is_number(accepted) and is_number(given):
        return bool(accepted == given)
    if isinstance(accepted, list) and isinstance(given, list):
        return len(accepted) == len(given) and all(map(_same, accepted, given))
    return type(accepted) is type(given) and bool(accepted == given)


def _plain(text: str) -> str:
    return re.sub(r'[\s,./\-_*^]', '', text).casefold().replace("'", '"')
