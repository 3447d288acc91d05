"""What ships with the agent and is what every bench works with: commands, prompt and tools."""

from collections.abc import Iterable

from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.core.messages import Message
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.quantities import with_units
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.places import load_places

COMMANDS = (
    'Go to the kitchen.',
    'What can you see there?',
    'Grasp the red cup.',
    'Drive backward half a meter.',
    'How full is the battery?',
    'Turn right by 45 degrees.',
    'Go to the table.',
    'Release the cup.',
    'Switch the light on.',
    'Go to the dock.',
    'Turn left by 90 degrees.',
    'Drive forward one meter.',
    'What do you see now?',
    'Go to the bedroom.',
    'Switch the light off.',
    'Open the gripper.',
    'Turn around.',
    'Go back to the kitchen.',
    'Close the gripper.',
    'Go to the dock and stop there.',
)


def shipped_tools(protocol: ReplyProtocol = ReplyProtocol.CALL_ONLY) -> tuple[ToolSpec, ...]:
    """The skills of the shipped manifest and the built-ins, as a model sees them."""
    builtins = builtin_tools(protocol)
    return tuple(map(with_units, (*shipped_skills(), *(tool.spec for tool in builtins))))


def shipped_skills() -> tuple[ToolSpec, ...]:
    """The skills of the shipped manifest, as the agent sees them."""
    places = load_places(config_file('places.yaml'))
    skills = load_manifest(config_file('skills.yaml'), places).skills
    return tuple(tool_spec(skill, places) for skill in skills)


def named_tools(names: Iterable[str]) -> tuple[ToolSpec, ...]:
    """Some of the shipped tools."""
    wanted = tuple(names)
    return tuple(tool for tool in shipped_tools() if tool.name in wanted)


def system_message() -> Message:
    """The shipped system prompt."""
    text = config_file('system_prompt.txt').read_text(encoding='utf-8')
    return Message('system', text.strip())
