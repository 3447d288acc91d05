"""A loaded model with all it needs to reply; lives in the engine's thread."""

import dataclasses
import time
from collections.abc import Callable

from nemotron_agent.core.chat_model import (
    ChatRequest,
    ContextSize,
    ModelReply,
    Phase,
    ReplyProgress,
    StopReason,
    Usage,
)
from nemotron_agent.core.errors import ContextFullError, EvaluationError
from nemotron_agent.core.messages import Message
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.chat_template import ChatTemplate
from nemotron_agent.llm.context_state import ContextState
from nemotron_agent.llm.conversation_log import ConversationLogs
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.generation import Generation
from nemotron_agent.llm.llama_buffers import LlamaBuffer
from nemotron_agent.llm.llama_context import AbortFlag, LlamaContext, LlamaModel
from nemotron_agent.llm.llama_runtime import build
from nemotron_agent.llm.model_fingerprint import model_fingerprint
from nemotron_agent.llm.prompt import Prompt, PromptWriter
from nemotron_agent.llm.quantities import as_allowed, with_units, without_units
from nemotron_agent.llm.reply_rules import choose_protocol, reply_rules
from nemotron_agent.llm.sampling import Randomness, Sampler
from nemotron_agent.llm.snapshots import Worth
from nemotron_agent.llm.token_stream import TokenStream
from nemotron_agent.llm.tool_formats import choose_tool_format
from nemotron_agent.llm.warm_start import WarmStart

_NOBODY = '\0'  # owns what belongs to no conversation
OnProgress = Callable[[ReplyProgress], None]
_STATE_DEPENDS_ON = ('kv_type', 'flash_attention', 'slice_tokens', 'n_gpu_layers')


class LlamaWorker:
    """Replies one after the other, in the thread that made it.

    Attributes:
        rules: how the model replies.
        n_ctx: tokens the context holds.
        keeps_recurrent_state: whether the model is a hybrid, or recurrent altogether.
        state: what the context holds.
    """

    def __init__(self, parameters: EngineParameters) -> None:
        """Load; what was loaded is freed again if anything fails."""
        self._parameters = parameters
        self._logs = ConversationLogs()
        self._model = LlamaModel(parameters.model_path, parameters.n_gpu_layers)
        try:
            vocabulary = self._model.vocabulary
            template = ChatTemplate(
                self._model.chat_template,
                bos_text=vocabulary.text(vocabulary.bos),
                eos_text=vocabulary.text(vocabulary.eos),
            )
            tool_format = choose_tool_format(parameters.tool_format, template.source)
            protocol = choose_protocol(parameters.reply_protocol, tool_format)
            self.rules = reply_rules(vocabulary, template, tool_format, protocol)
            self._prompts = PromptWriter(template, tool_format, vocabulary)
            self._warm_start = _warm_start(parameters)
            self._open_context(parameters)
        except BaseException:
            self._model.close()
            raise
        self.keeps_recurrent_state = self._context.keeps_recurrent_state
        self._shared_tokens: list[int] = []

    @property
    def snapshot_slots(self) -> int:
        """States it can keep besides the one that is evaluated further."""
        return self._context.n_sequences - 1

    @property
    def buffers(self) -> tuple[LlamaBuffer, ...]:
        """What llama.cpp has made for model and context."""
        return (*self._model.buffers, *self._context.buffers)

    def prepare(
        self,
        system: Message | None,
        tools: tuple[ToolSpec, ...],
        thinking: bool = False,
        flag: AbortFlag | None = None,
    ) -> Usage:
        """Make ready what every conversation begins with: from the disk, or by reading it.

        Returns:
            What it cost: tokens that were there or on the disk are reused.

        Raises:
            ChatTemplateError: the template fails on the messages.
            EvaluationError: llama.cpp failed, as where the context is too small.
        """
        started = time.perf_counter()
        decode_calls = self.state.decode_calls
        messages = () if system is None else (system,)
        shown = tuple(map(with_units, tools))
        tokens = self._prompts.shared(ChatRequest('', messages, shown, thinking))
        self._shared_tokens = tokens
        n_new = 0
        if not self.state.holds(tokens) and not self._load(tokens):
            self.obey(flag or AbortFlag())
            n_new = len(tokens) - self.state.restore_prefix(tokens)
            if self.state.evaluate(tokens[self.state.n_resident :]):
                self.state.keep(Worth.SHARED)
                self._save(tokens)
        return Usage(
            prompt_tokens=len(tokens),
            reused_tokens=len(tokens) - n_new,
            new_tokens=n_new,
            decode_calls=self.state.decode_calls - decode_calls,
            prefill_sec=time.perf_counter() - started,
        )

    def reply(self, request: ChatRequest, on_progress: OnProgress, flag: AbortFlag) -> ModelReply:
        """Go on with a conversation."""
        asked_tools = request.tools
        request = _with_units(request)
        allowed = _allowed_tools(request, asked_tools)
        max_tokens = request.max_tokens or self._parameters.max_reply_tokens
        thinks = request.thinking and self.rules.think_begin is not None
        max_thinking = self._max_thinking(request.thinking)
        if request.tools:
            # Bad schemas show before anything is read.
            self.rules.grammar.matcher(allowed)
        prompt = self._prompts.write(request, self._logs.get(request.conversation_id))
        self._check_room(prompt, self._reserve(max_tokens + max_thinking))
        self._logs.put(request.conversation_id, prompt.log)
        self.obey(flag)
        tokens = prompt.log.tokens
        n_prompt, decode_calls = len(tokens), self.state.decode_calls
        started = time.perf_counter()
        worth = Worth.STEP if request.messages[-1].role == 'tool' else Worth.TURN
        reused = self.state.restore_prefix(tokens, request.conversation_id, worth)
        evaluated = self._read(prompt, on_progress)
        read = time.perf_counter()
        stream = TokenStream(tokens, self.state, self._sampler(), self.n_ctx)
        generation = Generation(self.rules, stream, allowed, on_progress)
        if evaluated:
            generation.run(
                max_tokens, max_thinking, thinking=thinks, opens_thinking=prompt.opens_thinking
            )
        usage = Usage(
            prompt_tokens=n_prompt,
            reused_tokens=reused,
            new_tokens=n_prompt - reused,
            generated_tokens=stream.n_generated,
            decode_calls=self.state.decode_calls - decode_calls,
            prefill_sec=read - started,
            generation_sec=time.perf_counter() - read,
        )
        stop_reason = generation.stop_reason if evaluated else StopReason.CANCELED
        message = _as_asked(generation.message, asked_tools)
        if stop_reason is StopReason.CANCELED:
            self.state.disown(request.conversation_id)
        else:
            prompt.log.end_reply(message)
        return ModelReply(message, stop_reason, usage, generation.problem, generation.certainty)

    def log_likelihood(self, text: str, after: str, flag: AbortFlag) -> float | None:
        """Natural logarithm of the probability of a text; None if aborted, or without a slot."""
        if self._context.n_sequences == 1:
            return None
        self.obey(flag)
        vocabulary = self._model.vocabulary
        given, tokens = vocabulary.tokenize(after), vocabulary.tokenize(text)
        self.state.restore_prefix(given, _NOBODY)
        likelihood = None
        if self.state.evaluate(given[self.state.n_resident :]):
            likelihood = self.state.log_likelihood(tokens)
        self.state.forget(_NOBODY)
        return likelihood

    def reply_reserve(self, thinking: bool) -> int:
        """Tokens of the context to leave for the longest reply, or a quarter of it if less."""
        return self._reserve(self._parameters.max_reply_tokens + self._max_thinking(thinking))

    def resize(self, size: ContextSize) -> None:
        """Give the context another size; what it holds is read again when it is needed.

        The tokens of the conversations are kept, and what all of them begin with comes from the
        disk where it was saved.

        Raises:
            ConfigurationError: no context has that size; nothing was changed.
            EvaluationError: no memory for it; the size is the old one then. Without memory for
                that either there is no context until `obey` can have one.
        """
        former = self._parameters
        wanted = dataclasses.replace(former, **dataclasses.asdict(size))
        self._context.close()
        # What knows of sequences that are freed must not drop them once more.
        self.state = ContextState(self._context)
        try:
            self._open_context(wanted)
        except EvaluationError:
            self._open_context(former)
            raise
        finally:
            self._load(self._shared_tokens)

    def obey(self, flag: AbortFlag) -> None:
        """Let `flag` abort what is evaluated from now on.

        Where a resize had no memory for any context, one is made now.

        Raises:
            EvaluationError: there is still no memory for it.
        """
        if not self._context.is_open:
            self._open_context(self._parameters)
            self._load(self._shared_tokens)
        self._context.obey(flag)

    def count_prompt(self, request: ChatRequest, *, opens_reply: bool = False) -> int:
        """Tokens of a prompt, with what begins the reply or not; safe in any thread.

        Raises:
            ChatTemplateError: the template fails on the messages.
        """
        return self._prompts.count(_with_units(request), opens_reply=opens_reply)

    def tokens_of(self, conversation_id: str) -> tuple[int, ...]:
        """The last prompt of a conversation and the reply to it."""
        log = self._logs.get(conversation_id)
        return tuple(log.tokens) if log else ()

    def forget(self, conversation_id: str) -> None:
        """Drop the log and the snapshots of a conversation."""
        self._logs.forget(conversation_id)
        self.state.forget(conversation_id)

    def close(self) -> None:
        """Free the context and the model; may be called twice."""
        self._context.close()
        self._model.close()

    def _open_context(self, parameters: EngineParameters) -> None:
        self._context = LlamaContext(self._model, parameters)
        self._parameters = parameters
        self.n_ctx = self._context.n_ctx
        self.state = ContextState(self._context)

    def _read(self, prompt: Prompt, on_progress: OnProgress) -> bool:
        """Evaluate the new part of a prompt; return whether it was not aborted.

        It stops where a snapshot is worth having, unless cutting the context short does as well.
        """
        tokens = prompt.log.tokens
        reused = self.state.n_resident
        stops = {len(tokens): None, prompt.shared_tokens: Worth.SHARED}
        if self._context.keeps_recurrent_state:
            stops.setdefault(prompt.lasting_tokens, Worth.NEXT)
            stops.setdefault(prompt.past_tokens, Worth.TURN)

        def report(evaluated: int) -> None:
            on_progress(
                ReplyProgress(
                    Phase.PREFILL,
                    evaluated_tokens=start - reused + evaluated,
                    new_tokens=len(tokens) - reused,
                )
            )

        start = reused
        report(0)
        for stop, worth in sorted(stops.items()):
            if start < stop:
                if not self.state.evaluate(tokens[start:stop], report):
                    return False
                start = stop
                if worth is not None:
                    self.state.keep(worth)
        return True

    def _load(self, tokens: list[int]) -> bool:
        if self._warm_start is None or not tokens or not self._context.is_open:
            return False
        with self._warm_start.read(tokens) as state:
            if state is None or not self.state.load(tokens, state):
                return False
        self.state.keep(Worth.SHARED)
        return True

    def _save(self, tokens: list[int]) -> None:
        if self._warm_start is not None:
            self._warm_start.write(tokens, self.state.save())

    def _max_thinking(self, thinking: bool) -> int:
        thinks = thinking and self.rules.think_begin is not None
        return self._parameters.max_thinking_tokens if thinks else 0

    def _reserve(self, reply_tokens: int) -> int:
        return min(reply_tokens, self.n_ctx // 4)

    def _check_room(self, prompt: Prompt, reserve: int) -> None:
        needed = len(prompt.log.tokens) + reserve
        if needed > self.n_ctx:
            raise ContextFullError(needed, self.n_ctx)

    def _sampler(self) -> Sampler:
        """A fresh one for each reply, so that a seeded reply repeats."""
        parameters = self._parameters
        return Sampler(
            Randomness(parameters.temperature, parameters.top_p),
            Randomness(parameters.call_temperature, parameters.call_top_p),
            parameters.seed,
        )


def _with_units(request: ChatRequest) -> ChatRequest:
    return dataclasses.replace(request, tools=tuple(map(with_units, request.tools)))


def _allowed_tools(request: ChatRequest, asked: tuple[ToolSpec, ...]) -> tuple[ToolSpec, ...]:
    """What may be called, as it may be written."""
    by_name = {tool.name: tool for tool in asked}
    return tuple(
        as_allowed(tool, by_name[tool.name], request.said) for tool in request.callable_tools
    )


def _as_asked(message: Message, tools: tuple[ToolSpec, ...]) -> Message:
    """The message with a call as the tools' own schemas want it."""
    call = message.tool_call
    if call is None:
        return message
    spec = next(tool for tool in tools if tool.name == call.name)
    return dataclasses.replace(message, tool_call=without_units(call, spec))


def _warm_start(parameters: EngineParameters) -> WarmStart | None:
    if parameters.warm_start_folder is None:
        return None
    identity = [
        model_fingerprint(parameters.model_path),
        build(),
        *(str(getattr(parameters, name)) for name in _STATE_DEPENDS_ON),
    ]
    return WarmStart(
        parameters.warm_start_folder, parameters.warm_start_mb * 10**6, '\n'.join(identity)
    )
