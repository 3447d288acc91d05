"""The chat model that runs llama.cpp."""

import concurrent.futures
import itertools
import queue
import threading
from collections.abc import Callable
from typing import Any

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatRequest,
    ModelReply,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
    Usage,
)
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_context import AbortFlag
from nemotron_agent.llm.llama_worker import LlamaWorker
from nemotron_agent.llm.tool_formats.tool_format import ToolFormat

_AT_ONCE = float('-inf')
_CANCELED = ModelReply(Message('assistant', ''), StopReason.CANCELED, Usage())
_Job = tuple['concurrent.futures.Future[Any]', Callable[[LlamaWorker], Any]]


class LlamaEngine:
    """A `ChatModel` on llama.cpp.

    One thread, made here, owns the model and its context: it loads, evaluates and frees. Others
    hand it jobs through a queue, served by priority, then in the order they came.
    """

    def __init__(self, parameters: EngineParameters, name: str = '') -> None:
        """Load the model and wait until it is ready.

        Raises:
            ModelFileError: the file cannot be loaded.
            ChatTemplateError: no tool format knows its template.
            EvaluationError: there is no memory for the context.
        """
        self._name = name or parameters.model_path.stem
        self._jobs: queue.PriorityQueue[tuple[float, int, _Job | None]] = queue.PriorityQueue()
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._closed = False
        self._running = AbortFlag()
        loaded: concurrent.futures.Future[LlamaWorker] = concurrent.futures.Future()
        self._thread = threading.Thread(
            target=self._own_model, args=(parameters, loaded), name='llama_engine', daemon=True
        )
        self._thread.start()
        worker = loaded.result()
        self._rules = worker.rules
        self._n_ctx = worker.n_ctx

    @property
    def name(self) -> str:
        """Name for people and the record."""
        return self._name

    @property
    def reply_protocol(self) -> ReplyProtocol:
        """What its replies look like."""
        return self._rules.protocol

    @property
    def tool_format(self) -> ToolFormat:
        """How it writes calls."""
        return self._rules.tool_format

    @property
    def n_ctx(self) -> int:
        """Tokens its context holds."""
        return self._n_ctx

    @property
    def n_waiting(self) -> int:
        """Requests that wait for the one that is served."""
        return self._jobs.qsize()

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
        flag = AbortFlag()
        job = self._submit(
            -request.priority, lambda worker: self._run(worker, request, on_progress, flag)
        )

        def leave() -> None:
            flag.set()
            job.cancel()  # takes it out of the queue while it waits there

        undo = cancel.on_cancel(leave)
        try:
            reply: ModelReply = job.result()
            return reply
        except concurrent.futures.CancelledError:
            return _CANCELED
        finally:
            undo()

    def forget(self, conversation_id: str) -> None:
        """Drop what is kept for a conversation."""
        with self._lock:
            if self._closed:
                return
        self._submit(_AT_ONCE, lambda worker: worker.forget(conversation_id))

    def close(self) -> None:
        """End what runs, refuse what waits, free the model; may be called twice."""
        with self._lock:
            self._closed = True
            self._running.set()
            self._jobs.put((_AT_ONCE, next(self._order), None))
        self._thread.join()

    def _submit(self, priority: float, work: Callable[[LlamaWorker], Any]) -> Any:
        job: concurrent.futures.Future[Any] = concurrent.futures.Future()
        with self._lock:
            if self._closed:
                raise EvaluationError(f'the model {self._name} is closed')
            self._jobs.put((priority, next(self._order), (job, work)))
        return job

    def _run(
        self,
        worker: LlamaWorker,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        flag: AbortFlag,
    ) -> ModelReply:
        with self._lock:
            if self._closed:
                return _CANCELED
            self._running = flag
        return worker.reply(request, on_progress, flag)

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
            worker.close()

    def _serve(self, worker: LlamaWorker) -> None:
        while True:
            _, _, entry = self._jobs.get()
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
        while not self._jobs.empty():
            _, _, entry = self._jobs.get()
            if entry is not None and entry[0].set_running_or_notify_cancel():
                entry[0].set_exception(EvaluationError(f'the model {self._name} is closed'))
