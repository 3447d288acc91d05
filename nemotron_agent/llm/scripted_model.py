"""A chat model that follows a script: for tests of everything around a model, and for demos.

The script is a YAML file:

    reply_protocol: call_only     # or native; what the model says of itself
    n_ctx: 4096                   # a prompt of more words is a full context
    prefill_sec_per_token: 0.0    # a token is a word here
    sec_per_token: 0.0
    rules:                        # the first that fits gives the reply
      - match: kitchen            # regular expression, searched in the last message
        role: user                # user or tool; without it either fits
        call: {name: navigate_to, arguments: {place: kitchen}}
      - match: succeeded
        role: tool
        text: I am there.
      - match: loop
        prefill_sec_per_token: 0.1      # the times of one rule
        problem: The call was cut off.  # with the raw text in `text`
      - match: broken
        error: The model has failed.    # raised as EvaluationError

A rule has one of `call`, `text`, `error`. Case does not matter in `match`.
"""

import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml

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
from nemotron_agent.core.errors import ConfigurationError, ContextFullError, EvaluationError
from nemotron_agent.core.messages import Message, ToolCall

Seconds = Annotated[float, pydantic.Field(ge=0.0, le=60.0)]


class _Checked(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, extra='forbid')


class ScriptedCall(_Checked):
    """A call to make."""

    name: Annotated[str, pydantic.Field(min_length=1)]
    arguments: dict[str, Any] = {}


class ScriptRule(_Checked):
    """When a message fits, what to reply."""

    match: re.Pattern[str]
    role: Literal['user', 'tool'] | None = None
    call: ScriptedCall | None = None
    text: str | None = None
    problem: str = ''
    error: str | None = None
    prefill_sec_per_token: Seconds | None = None
    sec_per_token: Seconds | None = None

    @pydantic.field_validator('match', mode='before')
    @classmethod
    def _compiled(cls, value: Any) -> Any:
        try:
            return (
                re.compile(value, re.IGNORECASE | re.DOTALL) if isinstance(value, str) else value
            )
        except re.error as error:
            raise ValueError(f'not a regular expression: {error}') from error

    @pydantic.model_validator(mode='after')
    def _has_one_reply(self) -> 'ScriptRule':
        given = sum(reply is not None for reply in (self.call, self.text, self.error))
        if given != 1 and not (given == 0 and self.problem):
            raise ValueError('give one of call, text, error')
        return self

    def fits(self, message: Message) -> bool:
        """Whether the rule is for a message."""
        return self.role in (None, message.role) and bool(self.match.search(message.content))


class Script(_Checked):
    """A whole script."""

    reply_protocol: ReplyProtocol = ReplyProtocol.CALL_ONLY
    n_ctx: Annotated[int, pydantic.Field(ge=16)] = 4096
    prefill_sec_per_token: Seconds = 0.0
    sec_per_token: Seconds = 0.0
    rules: Annotated[tuple[ScriptRule, ...], pydantic.Field(min_length=1)]


class ScriptedModel(RepliesOnly):
    """A `ChatModel` that follows a script; one reply at a time, like an engine."""

    def __init__(self, script: Script, name: str = 'scripted') -> None:
        self.name = name
        self._script = script
        self._busy = threading.Lock()
        self._read_tokens: dict[str, int] = {}

    @classmethod
    def load(cls, path: Path) -> 'ScriptedModel':
        """Read a script.

        Raises:
            ConfigurationError: it cannot be used; the message names file and key.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding='utf-8'))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f'cannot read the script {path}: {error}') from error
        except yaml.YAMLError as error:
            raise ConfigurationError(f'{path} is not valid YAML: {error}') from error
        if not isinstance(content, dict):
            raise ConfigurationError(f'{path}: a script is a mapping with the key rules')
        try:
            return cls(Script.model_validate(content), f'scripted:{path.name}')
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            key = '.'.join(map(str, first['loc'])) or 'rules'
            raise ConfigurationError(f'{path}: {key}: {first["msg"]}') from error

    @property
    def reply_protocol(self) -> ReplyProtocol:
        """What its replies look like."""
        return self._script.reply_protocol

    @property
    def n_ctx(self) -> int:
        """Words its context holds."""
        return self._script.n_ctx

    def count_tokens(self, request: ChatRequest) -> int:
        """Words of the messages."""
        return sum(len(message.content.split()) for message in request.messages)

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        """Reply by the first rule that fits the last message of a user or tool.

        Raises:
            ContextFullError: the messages have more words than `n_ctx`.
            EvaluationError: no rule fits, or the one that fits says so.
        """
        while not self._busy.acquire(timeout=0.01):
            if cancel.canceled:
                return ModelReply(Message('assistant', ''), StopReason.CANCELED, Usage())
        try:
            return self._reply(request, on_progress, cancel)
        finally:
            self._busy.release()

    def forget(self, conversation_id: str) -> None:
        """Drop what is kept for a conversation."""
        self._read_tokens.pop(conversation_id, None)

    def close(self) -> None:
        """Nothing is held."""

    def _reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        n_prompt = self.count_tokens(request)
        if n_prompt > self.n_ctx:
            raise ContextFullError(n_prompt, self.n_ctx)
        rule = self._rule(request.messages)
        started = time.perf_counter()
        reused = min(self._read_tokens.get(request.conversation_id, 0), n_prompt)
        for evaluated in self._tokens(n_prompt - reused, rule.prefill_sec_per_token, cancel):
            on_progress(
                ReplyProgress(
                    Phase.PREFILL, evaluated_tokens=evaluated, new_tokens=n_prompt - reused
                )
            )
        read = time.perf_counter()
        n_generated = self._say(rule, on_progress, cancel)
        usage = Usage(
            prompt_tokens=n_prompt,
            reused_tokens=reused,
            new_tokens=n_prompt - reused,
            generated_tokens=n_generated,
            decode_calls=n_generated,
            prefill_sec=read - started,
            generation_sec=time.perf_counter() - read,
        )
        if cancel.canceled:
            return ModelReply(Message('assistant', ''), StopReason.CANCELED, usage)
        self._read_tokens[request.conversation_id] = n_prompt
        return _finished(rule, usage)

    def _rule(self, messages: tuple[Message, ...]) -> ScriptRule:
        last = next((m for m in reversed(messages) if m.role in ('user', 'tool')), None)
        for rule in self._script.rules:
            if last is not None and rule.fits(last):
                if rule.error is not None:
                    raise EvaluationError(rule.error)
                return rule
        said = last.content if last else ''
        raise EvaluationError(f'no rule of {self.name} fits the message "{said[:200]}"')

    def _say(
        self, rule: ScriptRule, on_progress: Callable[[ReplyProgress], None], cancel: CancelToken
    ) -> int:
        words = re.findall(r'\s*\S+|\s+$', rule.text or '') if rule.call is None else ['call']
        said = 0
        for said in self._tokens(len(words), rule.sec_per_token, cancel, generates=True):
            phase = Phase.ANSWERING if rule.call is None else Phase.CALLING
            text = words[said - 1] if rule.call is None else ''
            on_progress(ReplyProgress(phase, text))
        return said

    def _tokens(
        self, count: int, seconds: float | None, cancel: CancelToken, generates: bool = False
    ) -> Iterator[int]:
        """Count to `count` at the pace of a rule or of the script, until canceled."""
        script = self._script
        default = script.sec_per_token if generates else script.prefill_sec_per_token
        pace = default if seconds is None else seconds
        for done in range(1, count + 1):
            if cancel.wait(pace) if pace else cancel.canceled:
                return
            yield done


def _finished(rule: ScriptRule, usage: Usage) -> ModelReply:
    if rule.call is None:
        message = Message('assistant', rule.text or '')
        return ModelReply(message, StopReason.END, usage, rule.problem)
    call = ToolCall(uuid.uuid4().hex, rule.call.name, dict(rule.call.arguments))
    return ModelReply(Message('assistant', '', tool_call=call), StopReason.CALL, usage)
