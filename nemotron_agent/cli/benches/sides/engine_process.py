"""A process that loads an engine, has it answer a command, and tells what memory that took.

    python -m nemotron_agent.cli.benches.sides.engine_process JSON

The JSON is an object of `EngineParameters`. The output is an object: the most memory the process
held, and the sum of the buffers that llama.cpp logged.
"""

import json
import sys
from pathlib import Path

from nemotron_agent.cli.benches.shipped import COMMANDS, shipped_tools, system_message
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_engine import LlamaEngine
from nemotron_agent.llm.system_memory import SystemMemory


def main() -> None:
    """Do it."""
    order = json.loads(sys.argv[1])
    engine = LlamaEngine(EngineParameters(**{**order, 'model_path': Path(order['model_path'])}))
    tools = shipped_tools(engine.reply_protocol)
    messages = (system_message(), Message('user', COMMANDS[0]))
    request = ChatRequest('one', messages, tools, thinking=False)
    engine.reply(request, lambda progress: None, CancelToken())
    engine.close()
    taken = {
        # The peak of getrusage would begin with that of the process which started this one.
        'peak_bytes': SystemMemory().own_peak_bytes,
        'llama_bytes': sum(buffer.bytes for buffer in engine.buffers),
    }
    print(json.dumps(taken))


if __name__ == '__main__':
    main()
