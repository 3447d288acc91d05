"""A model behind any OpenAI-compatible endpoint: llama.cpp's server, Ollama, the cloud."""

import time
from collections.abc import Callable
from typing import Any

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import (
    ChatRequest,
    ModelReply,
    Phase,
    RepliesOnly,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
    Usage,
)
from nemotron_agent.core.errors import ConfigurationError, EndpointError
from nemotron_agent.core.messages import Message
from nemotron_agent.llm.endpoint_client import CHAT_PATH, NOT_FOUND, EndpointClient
from nemotron_agent.llm.endpoint_messages import message_entries, reply_of, tool_entries

KEY_VARIABLE = 'NEMOTRON_AGENT_API_KEY'
N_CTX = 8192
_LLAMA_CPP = 'llamacpp'
_CONTEXT_KEYS = ('n_ctx', 'max_model_len', 'context_length', 'context_window')


class EndpointModel(RepliesOnly):
    """A `ChatModel` that leaves everything to an endpoint, its way to call tools too.

    It takes the first call of a reply: the agent makes one call a turn, and asks again. Replies
    come in one piece. Safe in any thread; nothing is kept between replies.

    Args:
        url: base address, such as `http://127.0.0.1:8080/v1`.
        model: name the endpoint knows it by; empty takes the only one it offers.
        reply_protocol: NATIVE leaves it to the endpoint whether a reply is a call (`tool_choice`
            auto), CALL_ONLY asks it for one each time (required).
        key_variable: environment variable that holds the key, where one is needed.
        timeout_sec: most time for a reply [s].
        temperature: randomness of the choice of tokens; 0 takes the likeliest.
        max_tokens: limit of a reply that says no other.
        seed: seed of the choice.
        n_ctx: tokens of its context, where the endpoint does not say.

    Raises:
        ConfigurationError: the address is none, or it has to be said which model.
        EndpointError: the endpoint does not answer, or not as one.
    """

    def __init__(
        self,
        url: str,
        model: str = '',
        *,
        reply_protocol: ReplyProtocol = ReplyProtocol.NATIVE,
        key_variable: str = KEY_VARIABLE,
        timeout_sec: float = 300.0,
        temperature: float = 0.0,
        max_tokens: int = 512,
        seed: int = 0,
        n_ctx: int = N_CTX,
    ) -> None:
        self._client = EndpointClient(url, key_variable, timeout_sec)
        offered = self._offered(model)
        self._model = model or self._only(offered)
        entry = next((each for each in offered if each['id'] == self._model), {})
        self._is_llama_cpp = entry.get('owned_by') == _LLAMA_CPP
        self._n_ctx = self._said_n_ctx(entry) or n_ctx
        self._reply_protocol = reply_protocol
        self._temperature = temperature
        self._max_tokens = max_tokens
        self._seed = seed

    @property
    def name(self) -> str:
        """Its name at the endpoint."""
        return self._model

    @property
    def reply_protocol(self) -> ReplyProtocol:
        """What its replies look like."""
        return self._reply_protocol

    @property
    def n_ctx(self) -> int:
        """Tokens its context holds."""
        return self._n_ctx

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        """Go on with a conversation; a cancel closes the connection.

        Raises:
            ContextFullError: the prompt does not fit.
            EndpointError: the endpoint does not answer, or not as one.
        """
        on_progress(ReplyProgress(Phase.PREFILL))
        started = time.perf_counter()
        answer = self._client.post(CHAT_PATH, self._body(request), cancel)
        if answer is None or cancel.canceled:
            return ModelReply(Message('assistant', ''), StopReason.CANCELED, Usage())
        try:
            reply = reply_of(answer, time.perf_counter() - started)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            raise EndpointError(
                f'{self._client.url} answers without a message: is it an OpenAI-compatible '
                f'endpoint? It sent {str(answer)[:200]}'
            ) from error
        if reply.message.content:
            on_progress(ReplyProgress(Phase.ANSWERING, reply.message.content))
        if reply.message.tool_call is not None:
            on_progress(ReplyProgress(Phase.CALLING))
        return reply

    def forget(self, conversation_id: str) -> None:
        """Nothing is kept."""

    def close(self) -> None:
        """Nothing is held."""

    def _body(self, request: ChatRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            'model': self._model,
            'messages': message_entries(request.messages),
            'temperature': self._temperature,
            'max_tokens': request.max_tokens or self._max_tokens,
            'seed': self._seed,
        }
        if request.tools:
            must_call = self._reply_protocol is ReplyProtocol.CALL_ONLY
            body['tools'] = tool_entries(request.tools)
            body['tool_choice'] = 'required' if must_call else 'auto'
        if self._is_llama_cpp:
            body['chat_template_kwargs'] = {'enable_thinking': request.thinking}
        return body

    def _offered(self, model: str) -> list[dict[str, Any]]:
        """The models the endpoint lists; one that is named need not be in a list."""
        try:
            listed = self._client.get('/models').get('data')
        except EndpointError as error:
            if not model or error.status != NOT_FOUND:
                raise
            listed = None
        entries = listed if isinstance(listed, list) else []
        return [each for each in entries if isinstance(each, dict) and each.get('id')]

    def _only(self, offered: list[dict[str, Any]]) -> str:
        names = [str(each['id']) for each in offered]
        if len(names) != 1:
            raise ConfigurationError(
                f'{self._client.url} lists {len(names)} models, so it has to be said which to use'
                f'{": " if names else ""}{", ".join(names[:20])}'
            )
        return names[0]

    def _said_n_ctx(self, entry: dict[str, Any]) -> int:
        """Context the endpoint says the model has; 0 if it says nothing."""
        said = [entry, entry.get('meta')]
        if self._is_llama_cpp:
            said.append(self._properties())
        for values in said:
            for key in _CONTEXT_KEYS:
                if isinstance(values, dict) and isinstance(values.get(key), int):
                    return int(values[key])
        return 0

    def _properties(self) -> Any:
        """What llama.cpp's server says of itself where its list of models is silent."""
        try:
            return self._client.get('/props', beside=True).get('default_generation_settings')
        except EndpointError:
            return None
