"""The ways to write tool calls, by name and by template."""

from nemotron_agent.core.errors import ChatTemplateError, ConfigurationError
from nemotron_agent.llm.tool_formats.hermes import HermesFormat
from nemotron_agent.llm.tool_formats.nemotron import NemotronFormat
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat

TOOL_FORMATS: dict[str, ToolFormat] = {
    tool_format.name: tool_format for tool_format in (HermesFormat(), NemotronFormat())
}


def choose_tool_format(name: str, template: str) -> ToolFormat:
    """The format of a name, or with `auto` the one a chat template is written in.

    Raises:
        ChatTemplateError: with `auto`, no format knows the template.
        ConfigurationError: there is no such format.
    """
    if name == 'auto':
        for tool_format in TOOL_FORMATS.values():
            if tool_format.recognises(template):
                return tool_format
        raise ChatTemplateError(
            "no tool format knows the model's chat template: "
            f'set the parameter tool_format to one of {", ".join(TOOL_FORMATS)}'
        )
    if name not in TOOL_FORMATS:
        raise ConfigurationError(
            f'there is no tool format "{name}": choose one of auto, {", ".join(TOOL_FORMATS)}'
        )
    return TOOL_FORMATS[name]
