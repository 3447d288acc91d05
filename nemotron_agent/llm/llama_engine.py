"""The chat model that runs llama.cpp."""

import concurrent.futures
import dataclasses
import logging
import threading
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatRequest,
    ContextSize,
    MemoryUse,
    ModelReply,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
    Usage,
)
from nemotron_agent.core.errors import EvaluationError, NemotronAgentError
from nemotron_agent.core.messages import Message
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.fair_queue import FairQueue
from nemotron_agent.llm.llama_buffers import LlamaBuffer
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.memory_plan import MemoryPlan
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat

logger = logging.getLogger(__name__)

_CONTEXT_BUFFERS = ('KV', 'RS')
_AT_ONCE = float('inf')
_CANCELED = ModelReply(Message('assistant', ''), StopReason.CANCELED, Usage())
Result = TypeVar('Result')
_Job = tuple['concurrent.futures.Future[Any]', Callable[[LlamaWorker], Any]]


class LlamaEngine:
    """A `ChatModel` on llama.cpp.

    One thread, made here, owns the model and its context: it loads, evaluates and frees. Others
    hand it jobs through a fair queue, one reply a job: a conversation with a long plan gives way
    to another after each reply.
    """

    def __init__(
        self, parameters: EngineParameters, name: str = '', plan: MemoryPlan | None = None
    ) -> None:
        """Load the model and wait until it is ready.

        Args:
            parameters: what to load and how.
            name: for people and the record; that of the file by default.
            plan: the memory that was planned for it.

        Raises:
            ModelFileError: the file cannot be loaded.
            ChatTemplateError: no tool format knows its template.
            EvaluationError: there is no memory for the context.
        """
        self._name = name or parameters.model_path.stem
        self._plan = plan
        self._jobs: FairQueue[_Job | None] = FairQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._min_support = parameters.min_support
        self._running = AbortFlag()
        self._counting = threading.Lock()
        loaded: concurrent.futures.Future[LlamaWorker] = concurrent.futures.Future()
        self._thread = threading.Thread(
            target=self._own_model, args=(parameters, loaded), name='llama_engine', daemon=True
        )
        self._thread.start()
        worker = loaded.result()
        self._worker = worker
        self._rules = worker.rules
        self._note_size(worker)

    @property
    def name(self) -> str:
        """Name for people and the record."""
        return self._name

    @property
    def reply_protocol(self) -> ReplyProtocol:
        """What its replies look like."""
        return self._rules.protocol

    @property
    def min_support(self) -> float | None:
        """Support by a command below which a call is held back; None doubts no call."""
        return self._min_support

    @property
    def tool_format(self) -> ToolFormat:
        """How it writes calls."""
        return self._rules.tool_format

    @property
    def n_ctx(self) -> int:
        """Tokens its context holds."""
        return self._context_size.n_ctx

    def reply_reserve(self, thinking: bool) -> int:
        """Tokens that a prompt must leave to a reply, with reasoning or without."""
        return self._worker.reply_reserve(thinking)

    @property
    def buffers(self) -> tuple[LlamaBuffer, ...]:
        """What llama.cpp has made for model and context."""
        return self._worker.buffers

    @property
    def n_waiting(self) -> int:
        """Requests that wait for the one that is served."""
        return len(self._jobs)

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        """Go on with a conversation.

        A prompt must leave room for the longest reply, or for a quarter of the context where that
        is less. A cancel takes effect within one decode call, while reading the prompt too.

        Raises:
            ContextFullError: the prompt does not leave that room; nothing was evaluated.
            ChatTemplateError: the template fails on the messages.
            ConfigurationError: no grammar can be made of the tools.
            EvaluationError: llama.cpp failed, or the model is closed.
        """
        return self._await(
            lambda worker, flag: worker.reply(request, on_progress, flag),
            _CANCELED,
            cancel,
            request.conversation_id,
            request.priority,
        )

    def count_tokens(self, request: ChatRequest) -> int:
        """Tokens of a request's prompt, counted in the caller's thread: it waits for no reply.

        Raises:
            ChatTemplateError: the template fails on the messages.
            EvaluationError: the model is closed.
        """
        with self._counting:
            if self._closed:
                raise EvaluationError(f'the model {self._name} is closed')
            return self._worker.count_prompt(request, opens_reply=True)

    def log_likelihood(self, text: str, after: str, cancel: CancelToken) -> float | None:
        """Natural logarithm of the probability that `text` follows other text.

        The conversations' states stay; None where there is no slot to keep them in meanwhile.

        Raises:
            EvaluationError: llama.cpp failed, or the model is closed.
        """
        return self._await(
            lambda worker, flag: worker.log_likelihood(text, after, flag), None, cancel
        )

    def prepare(
        self, system: Message | None, tools: tuple[ToolSpec, ...], thinking: bool = False
    ) -> None:
        """Begin to make ready what every conversation begins with; returns at once.

        The state comes from the disk where it was saved before; otherwise it is evaluated, and
        saved. A request that comes meanwhile waits for it: it begins with just these tokens.
        """
        self._submit(
            lambda worker: self._prepare(worker, system, tools, thinking), priority=_AT_ONCE
        )

    @property
    def context_size(self) -> ContextSize:
        """Size of its context."""
        return self._context_size

    @property
    def memory_use(self) -> MemoryUse:
        """What llama.cpp's buffers take, and what was planned."""
        buffers, plan = self._worker.buffers, self._plan
        use = MemoryUse(
            buffers=sum(buffer.bytes for buffer in buffers),
            context=sum(buffer.bytes for buffer in buffers if buffer.kind in _CONTEXT_BUFFERS),
        )
        if plan is None:
            return use
        return dataclasses.replace(
            use,
            planned_buffers=plan.llama_bytes,
            planned_process=plan.resident_bytes,
            planned_needed=plan.needed_bytes,
            mapped=plan.mapped_bytes,
        )

    def resize(self, size: ContextSize) -> None:
        """Give it a context of another size, between two replies; waits until it has one.

        Conversations go on: what was evaluated is read again when it is needed.

        Raises:
            EvaluationError: no memory for it, or the model is closed. The size is the old one
                then; without memory for that either, replies fail until there is some.
        """

        def work(worker: LlamaWorker) -> None:
            worker.resize(size)
            self._note_size(worker)

        self._submit(work, priority=_AT_ONCE).result()

    def forget(self, conversation_id: str) -> None:
        """Drop what is kept for a conversation."""
        with self._lock:
            if self._closed:
                return
        self._submit(lambda worker: worker.forget(conversation_id), priority=_AT_ONCE)

    def close(self) -> None:
        """End what runs, refuse what waits, free the model; may be called twice."""
        with self._lock:
            self._closed = True
            self._running.set()
            self._jobs.put(None, priority=_AT_ONCE)
        self._thread.join()

    def _note_size(self, worker: LlamaWorker) -> None:
        self._context_size = ContextSize(worker.n_ctx, worker.snapshot_slots)

    def _submit(
        self, work: Callable[[LlamaWorker], Any], owner: str = '', priority: float = 0.0
    ) -> Any:
        job: concurrent.futures.Future[Any] = concurrent.futures.Future()
        with self._lock:
            if self._closed:
                raise EvaluationError(f'the model {self._name} is closed')
            self._jobs.put((job, work), owner, priority)
        return job

    def _await(
        self,
        work: Callable[[LlamaWorker, AbortFlag], Result],
        canceled: Result,
        cancel: CancelToken,
        owner: str = '',
        priority: float = 0.0,
    ) -> Result:
        """Have work done and wait for it; `canceled` where a cancel or the end came before."""
        flag = AbortFlag()
        job = self._submit(
            lambda worker: work(worker, flag) if self._may_run(flag) else canceled, owner, priority
        )

        waiting = weakref.ref(job)

        def leave() -> None:
            flag.set()
            job = waiting()
            if job is not None:
                job.cancel()  # takes it out of the queue while it waits there

        undo = cancel.on_cancel(leave)
        try:
            result: Result = job.result()
            return result
        except concurrent.futures.CancelledError:
            return canceled
        finally:
            undo()
            # The job knows its error, which knows this frame: a circle that holds whole prompts.
            del job

    def _prepare(
        self,
        worker: LlamaWorker,
        system: Message | None,
        tools: tuple[ToolSpec, ...],
        thinking: bool,
    ) -> None:
        flag = AbortFlag()
        if not self._may_run(flag):
            return
        try:
            usage = worker.prepare(system, tools, thinking, flag)
        except NemotronAgentError as error:
            logger.warning('what all conversations begin with could not be made ready: %s', error)
            return
        logger.info(
            'the %d tokens of system prompt and tools are ready after %.1f s, %d of them read',
            usage.prompt_tokens,
            usage.prefill_sec,
            usage.new_tokens,
        )

    def _may_run(self, flag: AbortFlag) -> bool:
        """Let `close` abort by this flag; False if it was called already."""
        with self._lock:
            if self._closed:
                return False
            self._running = flag
        return True

    def _own_model(
        self, parameters: EngineParameters, loaded: 'concurrent.futures.Future[LlamaWorker]'
    ) -> None:
        """The engine's thread, from load to free."""
        try:
            worker = LlamaWorker(parameters)
        except BaseException as error:
            loaded.set_exception(error)
            return
        loaded.set_result(worker)
        try:
            self._serve(worker)
        finally:
            with self._counting:
                self._closed = True
                worker.close()

    def _serve(self, worker: LlamaWorker) -> None:
        while True:
            entry = self._jobs.get()
            if entry is None:
                break
            job, work = entry
            if not job.set_running_or_notify_cancel():
                continue
            try:
                result = work(worker)
            except BaseException as error:
                job.set_exception(error)
            else:
                job.set_result(result)
        self._refuse_waiting()

    def _refuse_waiting(self) -> None:
        while len(self._jobs):
            entry = self._jobs.get()
            if entry is not None and entry[0].set_running_or_notify_cancel():
                entry[0].set_exception(EvaluationError(f'the model {self._name} is closed'))
