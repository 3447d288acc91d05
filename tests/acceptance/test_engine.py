"""The engine with a real model and the tools of a robot: does it call, and what does it read."""

import pytest

from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_engine import LlamaEngine
from nemotron_agent.testing.robot_tools import STOP, tool

SYSTEM = Message(
    'system',
    'You control a mobile robot with a gripper. Carry out the command of the operator by calling '
    'tools, one at a time. When it is done, answer.',
)
SKILLS = (
    tool(
        'navigate_to',
        'Drive to a named place.',
        ('place',),
        place={'type': 'string', 'enum': ['kitchen', 'office', 'dock'], 'description': 'Where.'},
    ),
    tool(
        'turn',
        'Turn on the spot.',
        ('angle_deg',),
        angle_deg={
            'type': 'number',
            'minimum': -360,
            'maximum': 360,
            'description': 'Degrees; positive is left, negative is right.',
        },
    ),
    tool(
        'pick_up',
        'Pick up an object.',
        ('object',),
        object={'type': 'string', 'enum': ['cup', 'ball'], 'description': 'What to pick up.'},
    ),
    tool('put_down', 'Put down what the gripper holds.'),
    tool('battery_level', 'Tell the charge of the battery.'),
    STOP,
)
COMMANDS = {
    'go to the kitchen': ('navigate_to', {'place': 'kitchen'}),
    'turn left by 90 degrees': ('turn', {'angle_deg': 90}),
    'pick up the cup': ('pick_up', {'object': 'cup'}),
    'how full is your battery?': ('battery_level', {}),
}


@pytest.mark.acceptance
@pytest.mark.timeout(600)
def test_single_commands_find_their_tool_and_only_new_tokens_are_read(qwen_path):
    engine = LlamaEngine(EngineParameters(qwen_path, n_ctx=4096))
    tools = (*SKILLS, *(builtin.spec for builtin in builtin_tools(engine.reply_protocol)))
    messages, usages = [SYSTEM], []
    for command, (name, arguments) in COMMANDS.items():
        messages.append(Message('user', command))
        reply = ask(engine, messages, tools)
        usages.append(reply.usage)
        call = reply.message.tool_call
        assert (call.name, dict(call.arguments)) == (name, arguments)
        messages += [reply.message, Message('tool', 'It succeeded.', tool_name=call.name)]
        reply = ask(engine, messages, tools)
        usages.append(reply.usage)
        assert reply.message.tool_call is not None, 'every reply is a call'
        messages.append(reply.message)
    engine.close()
    for before, after in zip(usages, usages[1:], strict=False):
        assert after.reused_tokens >= before.prompt_tokens
        assert after.new_tokens < 60


def ask(engine, messages, tools):
    request = ChatRequest('c', tuple(messages), tools)
    return engine.reply(request, lambda progress: None, CancelToken())
