"""Checks arguments of calls against the schemas of their tools."""

from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.shortened import shortened
from nemotron_agent.core.tool import ToolSpec

MAX_TOLD_CHARACTERS = 300


class ArgumentSchemas:
    """The schemas of some tools.

    Raises:
        ConfigurationError: a schema that is not one.
    """

    def __init__(self, specs: Iterable[ToolSpec]) -> None:
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}
        for spec in specs:
            try:
                jsonschema.Draft202012Validator.check_schema(spec.parameters)
            except jsonschema.SchemaError as error:
                raise ConfigurationError(
                    f'tool "{spec.name}": its parameters are no JSON Schema: {error.message}'
                ) from error
            self._validators[spec.name] = jsonschema.Draft202012Validator(spec.parameters)

    def misfit(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Say why arguments do not fit the schema of a tool; empty if they do."""
        try:
            errors = list(self._validators[name].iter_errors(dict(arguments)))
            parts = sorted(map(_told, errors))[:3]
        except Exception as error:  # too deep or too large to look at, or no JSON values
            return f'The arguments of {name} cannot be checked ({type(error).__name__}).'
        return f'The arguments of {name} do not fit: {"; ".join(parts)}.' if parts else ''


def _told(error: jsonschema.ValidationError) -> str:
    where = '.'.join(str(step) for step in error.absolute_path)
    return shortened(f'{where}: {error.message}' if where else error.message, MAX_TOLD_CHARACTERS)
