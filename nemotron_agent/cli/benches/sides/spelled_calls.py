"""Calls in the way a model spells them, on our engine and on the server: one prompt, one grammar.

Each side is given the same tokens to read, and then writes a call that the same grammar allows.
What is timed begins when the prompt is evaluated and ends with a call that fits its schema.
"""

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from nemotron_agent.cli.benches.sides.server import ServerProcess
from nemotron_agent.cli.benches.sides.side import TEMPERATURE
from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.chat_template import ChatTemplate
from nemotron_agent.llm.generation import Generation
from nemotron_agent.llm.grammar_text import Marker
from nemotron_agent.llm.llama_context import LlamaModel
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.prompt import PromptWriter
from nemotron_agent.llm.reply_rules import ReplyRules
from nemotron_agent.llm.sampling import Randomness, Sampler
from nemotron_agent.llm.token_stream import TokenStream
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat

MAX_CALL_TOKENS = 4096  # the grammar ends a call, not this


@dataclasses.dataclass(frozen=True)
class SpelledCall:
    """A call that was written.

    Attributes:
        call: what it says.
        duration_sec: from the end of the prompt's evaluation.
        n_tokens: tokens written.
        decode_calls: decode calls that took.
    """

    call: ToolCall
    duration_sec: float
    n_tokens: int
    decode_calls: int


def read_call(text: str, tool_format: ToolFormat, tools: Sequence[ToolSpec]) -> ToolCall:
    """The call that a text is.

    Raises:
        EvaluationError: it is none.
    """
    call = tool_format.parse(text, tools)
    if not isinstance(call, ToolCall):
        raise EvaluationError(f'no call was written but {text!r}')
    return call


class Speller:
    """Writes prompts, and grammars for the server, as our engine does.

    Attributes:
        tool_format: how calls are spelled.
    """

    def __init__(self, worker: LlamaWorker, model: LlamaModel) -> None:
        """Take the rules of a worker.

        Args:
            worker: whose rules to follow.
            model: the same model's vocabulary; it is to live as long as this.
        """
        rules = worker.rules
        self.tool_format: ToolFormat = rules.tool_format
        vocabulary = model.vocabulary
        template = ChatTemplate(model.chat_template, vocabulary.text(vocabulary.bos))
        self._writer = PromptWriter(template, rules.tool_format, vocabulary)
        self._markers = [
            Marker(text, vocabulary.single_token(text))
            for text in (rules.tool_format.call_begin, rules.tool_format.call_end)
        ]

    def prompt(self, request: ChatRequest) -> list[int]:
        """Tokens to read."""
        return list(self._writer.write(request, None).log.tokens)

    def grammar(self, tools: Sequence[ToolSpec]) -> str:
        """What may be written, as the server takes it: the text that ours is given."""
        lark = self.tool_format.grammar(tuple(tools), *self._markers)
        return f'%llguidance {{}}\n{lark}'


class OurSpelling:
    """Our engine's own way, from a prompt in tokens."""

    def __init__(self, worker: LlamaWorker) -> None:
        self._worker = worker
        self._rules: ReplyRules = worker.rules

    def call(self, prompt: list[int], tools: tuple[ToolSpec, ...]) -> SpelledCall:
        """Read a prompt, then write a call."""
        state = self._worker.state
        self._rules.grammar.matcher(tools)  # as a request does before it is read
        state.restore_prefix(prompt)
        state.evaluate(prompt[state.n_resident :])
        before = state.decode_calls
        started = time.perf_counter()
        sampler = Sampler(Randomness(), Randomness(), seed=0)
        stream = TokenStream(list(prompt), state, sampler, self._worker.n_ctx)
        generation = Generation(self._rules, stream, tools, lambda progress: None)
        generation.run(MAX_CALL_TOKENS, 0, thinking=False, opens_thinking=False)
        duration_sec = time.perf_counter() - started
        written = generation.message
        call = written.tool_call or read_call(written.content, self._rules.tool_format, tools)
        return SpelledCall(call, duration_sec, stream.n_generated, state.decode_calls - before)


class ServerSpelling:
    """The server, by its interface for completions."""

    def __init__(self, process: ServerProcess, speller: Speller) -> None:
        self._process = process
        self._speller = speller

    def call(self, prompt: list[int], tools: tuple[ToolSpec, ...]) -> SpelledCall:
        """Read a prompt, then write a call.

        The time is the server's own: from its first token, which is sampled, to its last.
        """
        body: dict[str, Any] = {
            'prompt': prompt,
            'grammar': self._speller.grammar(tools),
            'temperature': TEMPERATURE,
            'samplers': ['temperature'],  # the likeliest token, the first of several like ours
            'n_predict': MAX_CALL_TOKENS,
            'stop': [self._speller.tool_format.call_end],  # or it would write one token more
        }
        answer = self._process.post('/completion', body)
        started = time.perf_counter()
        call = read_call(answer['content'], self._speller.tool_format, tools)
        parse_sec = time.perf_counter() - started
        timings = answer['timings']
        n_tokens = int(timings['predicted_n'])
        return SpelledCall(call, timings['predicted_ms'] / 1e3 + parse_sec, n_tokens, n_tokens)
