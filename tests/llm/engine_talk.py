"""Engines to test, and ways to talk to them."""

import threading

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_engine import LlamaEngine
from nemotron_agent.testing.robot_tools import NAVIGATE_TO, SAY, STOP, TURN

TOOLS = (NAVIGATE_TO, TURN, STOP, SAY)
SYSTEM = Message('system', 'You drive a robot.')


def make_engine(path, **parameters):
    # One thread: llama.cpp's threads wait for each other by spinning, and cores may be few.
    return LlamaEngine(EngineParameters(path, **{'n_threads': 1, **parameters}))


def ask(engine, messages, *, on_progress=lambda progress: None, cancel=None, **request):
    request = {'conversation_id': 'c', 'tools': TOOLS, **request}
    return engine.reply(
        ChatRequest(messages=tuple(messages), **request), on_progress, cancel or CancelToken()
    )


class Waiting:
    """An `on_progress` that holds the engine's thread until it is let go."""

    def __init__(self):
        self.is_held = threading.Event()
        self.let_go = threading.Event()

    def __call__(self, progress):
        self.is_held.set()
        self.let_go.wait(30)


def in_thread(function):
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread
