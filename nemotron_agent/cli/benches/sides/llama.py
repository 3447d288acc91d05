"""llama-cpp-python's `Llama`, as most agents use it.

Default settings but for the length of the context and greedy choice: `create_chat_completion` on a
list of messages that grows, and whatever `Llama` itself finds to be the same as before. What it
evaluates is counted where it evaluates: in `eval`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nemotron_agent.cli.benches.shipped import shipped_tools
from nemotron_agent.cli.benches.sides.call_schema import (
    as_entries,
    as_message,
    call_grammar,
)
from nemotron_agent.cli.benches.sides.side import (
    MAX_REPLY_TOKENS,
    MAX_THINKING_TOKENS,
    TEMPERATURE,
    SideReply,
)
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.endpoint_messages import tool_entries
from nemotron_agent.llm.llama_log import LLAMA_LOG
from nemotron_agent.llm.llama_runtime import llama_cpp

_SWITCH = '{{%- set enable_thinking = {} -%}}'


class CountingLlama(llama_cpp.Llama):  # type: ignore[misc]  # llama_cpp is not typed
    """A `Llama` that keeps what it was asked to evaluate, prompt first.

    Attributes:
        pieces: tokens of each call of `eval`.
        prompt: tokens of the prompt, known after the first of these calls.
    """

    pieces: list[list[int]]
    prompt: list[int]

    def eval(self, tokens: Sequence[int]) -> None:
        """Evaluate and count."""
        is_prompt = not self.pieces
        self.pieces.append(list(tokens))
        super().eval(tokens)
        if is_prompt:
            self.prompt = self.input_ids[: self.n_tokens].tolist()


class LlamaSide:
    """A `Side`. There is one context, and conversations take turns in it."""

    name = 'llama'

    def __init__(self, path: Path, n_ctx: int) -> None:
        LLAMA_LOG.install()
        self._llama = CountingLlama(str(path), n_ctx=n_ctx, verbose=False)
        LLAMA_LOG.install()  # Llama has set a log of its own
        self.tools = shipped_tools()
        self._grammars = {
            thinking: llama_cpp.LlamaGrammar.from_string(
                call_grammar(self.tools, thinking=thinking), verbose=False
            )
            for thinking in (False, True)
        }
        template = self._llama.metadata.get('tokenizer.chat_template', '')
        self._handlers = {
            thinking: self._handler(_SWITCH.format(str(thinking).lower()) + template)
            for thinking in (False, True)
        }

    def reply(
        self, conversation_id: str, messages: Sequence[Message], *, thinking: bool
    ) -> SideReply:
        """Go on with a conversation."""
        llama = self._llama
        llama.pieces, llama.prompt = [], []
        llama.chat_handler = self._handlers[thinking]
        answer: Any = llama.create_chat_completion(
            as_entries(messages),
            tools=tool_entries(self.tools),
            temperature=TEMPERATURE,
            max_tokens=MAX_REPLY_TOKENS + (MAX_THINKING_TOKENS if thinking else 0),
            grammar=self._grammars[thinking],
        )
        text = answer['choices'][0]['message']['content'] or ''
        evaluated = llama.input_ids[: llama.n_tokens].tolist()
        return SideReply(as_message(text), llama.prompt, evaluated, len(llama.pieces[0]))

    def close(self) -> None:
        """Free everything; may be called twice."""
        self._llama.close()

    def _handler(self, template: str) -> Any:
        """What its own formatter makes of a template; `Llama` passes no switch to it."""
        llama = self._llama
        pieces = [
            llama.detokenize([token], special=True).decode('utf-8', 'replace')
            for token in (llama.token_eos(), llama.token_bos())
        ]
        formatter = llama_cpp.llama_chat_format.Jinja2ChatFormatter(
            template, *pieces, stop_token_ids=[llama.token_eos()]
        )
        return formatter.to_chat_handler()
