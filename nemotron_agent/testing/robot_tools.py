"""Tools of an imagined robot: every kind of argument a schema here can have."""

from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.tool import ToolSpec


def tool(
    name: str,
    description: str = '',
    required: tuple[str, ...] = (),
    spoken_parameter: str = '',
    **properties: Mapping[str, Any],
) -> ToolSpec:
    """Make a tool of its arguments' schemas."""
    return ToolSpec(
        name=name,
        description=description or f'Do {name}.',
        parameters={
            'type': 'object',
            'properties': properties,
            'required': list(required),
            'additionalProperties': False,
        },
        spoken_parameter=spoken_parameter,
    )


NAVIGATE_TO = tool(
    'navigate_to',
    'Drive to a named place.',
    ('place',),
    place={
        'type': 'string',
        'enum': ['kitchen', 'kitchen table', 'dock'],
        'description': 'Where.',
    },
    speed={'type': 'number', 'minimum': 0.1, 'maximum': 1.5, 'description': 'Speed [m/s].'},
)
TURN = tool(
    'turn',
    'Turn on the spot.',
    ('angle',),
    angle={'type': 'number', 'minimum': -360, 'maximum': 360, 'description': 'Left is positive.'},
)
SAY = tool(
    'say',
    'Say something to the operator.',
    ('text',),
    spoken_parameter='text',
    text={'type': 'string', 'minLength': 1, 'maxLength': 40, 'description': 'What to say.'},
)
CONFIGURE = tool(
    'configure',
    'Set everything at once.',
    ('joints', 'mode'),
    joints={
        'type': 'array',
        'items': {'type': 'number', 'minimum': -3.14, 'maximum': 3.14},
        'minItems': 2,
        'maxItems': 4,
    },
    mode={'enum': [1, 'two', None, 2.5]},
    label={'type': 'string', 'maxLength': 8},
    tags={'type': 'array', 'items': {'type': 'string', 'maxLength': 4}, 'maxItems': 2},
    count={'type': 'integer', 'exclusiveMinimum': 0, 'maximum': 70},
    ratio={'type': 'number', 'exclusiveMinimum': -0.5, 'exclusiveMaximum': 0.25},
    free={'type': 'number'},
    fast={'type': 'boolean'},
    nothing={'type': 'null'},
    always={'const': 'küche "x" \\ y'},
)
STOP = tool('stop', 'Stop all motion at once.')
ROBOT_TOOLS = (NAVIGATE_TO, TURN, SAY, CONFIGURE, STOP)
