"""The tools every robot has: answer, ask the operator back, decline. They move nothing."""

from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.core.tool import CallContext, Outcome, ToolResult, ToolSpec

MAX_SPOKEN_CHARACTERS = 600


def _spoken_spec(name: str, description: str, parameter: str, meaning: str) -> ToolSpec:
    return ToolSpec(
        name=name,
        description=description,
        parameters={
            'type': 'object',
            'properties': {
                parameter: {
                    'type': 'string',
                    'description': meaning,
                    'minLength': 1,
                    'maxLength': MAX_SPOKEN_CHARACTERS,
                }
            },
            'required': [parameter],
            'additionalProperties': False,
        },
        builtin=True,
        ends_task=True,
        spoken_parameter=parameter,
    )


class SpokenTool:
    """A built-in whose argument is said to the operator and ends the task."""

    datatype = ''
    interface_path = ''
    resources: tuple[str, ...] = ()

    def __init__(self, spec: ToolSpec) -> None:
        self.spec = spec

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Give back what is to be said."""
        return ToolResult(Outcome.SUCCEEDED, str(arguments[self.spec.spoken_parameter]))


ANSWER = SpokenTool(
    _spoken_spec(
        'answer',
        'End the task: report to the operator what was done, or answer the question.',
        'text',
        'What to tell the operator, one or two sentences.',
    )
)
ASK_OPERATOR = SpokenTool(
    _spoken_spec(
        'ask_operator',
        'Ask the operator back when the command is unclear or something is missing.',
        'question',
        'The question to the operator.',
    )
)
DECLINE = SpokenTool(
    _spoken_spec(
        'decline',
        'Refuse a command that no other tool can carry out.',
        'reason',
        'Why this robot cannot do it.',
    )
)
RESERVED_NAMES = frozenset(tool.spec.name for tool in (ANSWER, ASK_OPERATOR, DECLINE))


def builtin_tools(reply_protocol: ReplyProtocol) -> tuple[SpokenTool, ...]:
    """The built-ins for a model; where it answers in free text, `answer` is not among them."""
    if reply_protocol is ReplyProtocol.NATIVE:
        return (ASK_OPERATOR, DECLINE)
    return (ANSWER, ASK_OPERATOR, DECLINE)
