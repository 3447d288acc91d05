"""Our engine, without its thread: what replies is the worker that the thread runs."""

from collections.abc import Sequence

from nemotron_agent.cli.benches.shipped import shipped_tools
from nemotron_agent.cli.benches.sides.side import MAX_REPLY_TOKENS, SideReply
from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker


class OurSide:
    """A `Side`.

    Attributes:
        worker: what replies.
    """

    name = 'ours'

    def __init__(self, parameters: EngineParameters) -> None:
        self.worker = LlamaWorker(parameters)
        self.tools = shipped_tools(self.worker.rules.protocol)

    def reply(
        self, conversation_id: str, messages: Sequence[Message], *, thinking: bool
    ) -> SideReply:
        """Go on with a conversation."""
        request = ChatRequest(
            conversation_id,
            tuple(messages),
            self.tools,
            thinking,
            max_tokens=MAX_REPLY_TOKENS,
        )
        reply = self.worker.reply(request, lambda progress: None, AbortFlag())
        usage = reply.usage
        prompt = self.worker.tokens_of(conversation_id)[: usage.prompt_tokens]
        resident = self.worker.state.resident
        return SideReply(reply.message, prompt, resident, usage.new_tokens, usage)

    def close(self) -> None:
        """Free everything; may be called twice."""
        self.worker.close()
