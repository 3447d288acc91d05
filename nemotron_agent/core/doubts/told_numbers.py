"""Whether a command tells the numbers that a call needs, without a model."""

from nemotron_agent.core.doubts.said_condition import without_comparison
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.said_quantities import may_tell, tells_amount_of
from nemotron_agent.core.tool import ToolSpec


def lacks_amount(command: str, tool: ToolSpec) -> bool:
    """Whether a tool needs a number with a unit, and the command tells no amount for it."""
    properties = tool.parameters['properties']
    needed = [properties[name] for name in tool.parameters.get('required', ())]
    rest = without_comparison(command)
    return any('unit' in each and not tells_amount_of(rest, each['unit']) for each in needed)


def may_tell_numbers_of(command: str, call: ToolCall, tool: ToolSpec) -> bool:
    """Whether the command may tell the numbers with units of a call of a tool."""
    properties = tool.parameters['properties']
    rest = without_comparison(command)
    return all(
        may_tell(rest, value, properties[name]['unit'])
        for name, value in call.arguments.items()
        if 'unit' in properties[name]
    )
