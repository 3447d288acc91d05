"""One reply, from the evaluated prompt to its last token."""

import codecs
import enum
from collections.abc import Callable

from nemotron_agent.core.chat_model import (
    CallCertainty,
    Phase,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
)
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.call_certainty import Branches
from nemotron_agent.llm.call_progress import CallProgress
from nemotron_agent.llm.free_text import FreeText
from nemotron_agent.llm.reply_rules import ReplyRules
from nemotron_agent.llm.token_stream import TokenStream
from nemotron_agent.llm.tool_formats.tool_format import CallProblem

HALF_A_CALL = 'The call was cut off at the limit of its length, so it was not made. Be shorter.'
HALF_A_THOUGHT = 'The reasoning was cut off because the context is full. Reason less.'


class _Next(enum.Enum):
    """What comes after a piece of a reply."""

    TEXT = enum.auto()
    CALL = enum.auto()
    END = enum.auto()


class Generation:
    """Writes one reply into a token stream.

    Attributes:
        stop_reason, problem, certainty: as in `ModelReply`.
    """

    def __init__(
        self,
        rules: ReplyRules,
        stream: TokenStream,
        tools: tuple[ToolSpec, ...],
        on_progress: Callable[[ReplyProgress], None],
    ) -> None:
        self.stop_reason = StopReason.END
        self.problem = ''
        self.certainty: CallCertainty | None = None
        self._rules = rules
        self._stream = stream
        self._tools = tools
        self._on_progress = on_progress
        self._reasoning = ''
        self._text = ''
        self._call: ToolCall | None = None

    @property
    def message(self) -> Message:
        """The reply so far."""
        return Message(
            'assistant', self._text, tool_call=self._call, reasoning=self._reasoning.strip()
        )

    def run(
        self, max_tokens: int, max_thinking_tokens: int, *, thinking: bool, opens_thinking: bool
    ) -> None:
        """Write the reply until it ends, reaches a limit or is aborted."""
        calls_only = bool(self._tools) and self._rules.protocol is ReplyProtocol.CALL_ONLY
        following = _Next.CALL if calls_only else _Next.TEXT
        if thinking and self._rules.think_begin is not None:
            if not opens_thinking:
                self._force('<think>\n')
            following = self._think(max_thinking_tokens, following)
        self._stream.allow(max_tokens)
        while following is _Next.TEXT:
            following = self._write_text(max_tokens)
        if following is _Next.CALL:
            self._write_call()
        self.stop_reason = self._stream.stop_reason or self.stop_reason

    def _force(self, text: str) -> None:
        self._stream.append(self._rules.vocabulary.tokenize(text))

    def _think(self, max_tokens: int, following: _Next) -> _Next:
        """Reason until the model or the budget ends it; return what comes then."""
        decoder = codecs.getincrementaldecoder('utf-8')('replace')
        vocabulary = self._rules.vocabulary
        end = self._stream.position + max_tokens
        self._stream.allow(max_tokens + 1)
        while self._stream.position < end:
            token = self._stream.next()
            if token is None:
                self.problem = HALF_A_THOUGHT if self._hit_limit() else ''
                return _Next.END
            if token == self._rules.think_end:
                self._stream.append([token])
                if following is _Next.CALL:
                    self._force('\n')
                return following
            wants_call = token == self._rules.call_begin and bool(self._tools)
            if wants_call or token in vocabulary.end_tokens:
                following = _Next.CALL if wants_call else following
                break
            self._stream.append([token])
            text = decoder.decode(vocabulary.piece(token))
            self._reasoning += text
            if text:
                self._on_progress(ReplyProgress(Phase.THINKING, text))
        self._force('\n</think>\n')
        return following

    def _write_text(self, max_tokens: int) -> _Next:
        """Write free text until it ends or turns into a call."""
        rules = self._rules
        text = FreeText(rules.tool_format, self._stream.position, watch=bool(self._tools))
        while True:
            token = self._stream.next()
            if token is None or token in rules.vocabulary.end_tokens:
                self._say(text.finish())
                return _Next.END
            if token == rules.call_begin and self._tools:
                self._say(text.finish())
                return _Next.CALL
            if token == rules.think_begin and not text.has_words and not self._reasoning:
                self._stream.append([token])
                following = self._think(max_tokens // 2, _Next.TEXT)
                self._stream.allow(max_tokens)
                return following
            self._stream.append([token])
            if token not in rules.markup:
                piece = rules.vocabulary.piece(token, special=False)
                self._say(text.take(piece, self._stream.position))
            if text.call_position is not None:
                self._stream.rewind(text.call_position)
                return _Next.CALL

    def _say(self, text: str) -> None:
        self._text += text
        if text:
            self._on_progress(ReplyProgress(Phase.ANSWERING, text))

    def _write_call(self) -> None:
        """Write one call under the grammar."""
        rules = self._rules
        matcher = rules.grammar.matcher(self._tools)
        progress = CallProgress(rules.tool_format, self._tools)
        decoder = codecs.getincrementaldecoder('utf-8')('replace')
        branches = Branches(rules.vocabulary)
        text, n_bytes = '', 0
        while not matcher.is_complete:
            tokens = matcher.forced()
            if not tokens:
                allowed = matcher.allowed()
                token = self._stream.next(allowed)
                if token is None:
                    self._text += text
                    self.problem = HALF_A_CALL if self._hit_limit() else ''
                    return
                branches.add(n_bytes, allowed, self._stream.logits())
                tokens = [token]
            matcher.consume(tokens)
            self._stream.append(tokens)
            piece = b''.join(map(rules.vocabulary.piece, tokens))
            n_bytes += len(piece)
            text += decoder.decode(piece)
            for report in progress.update(text):
                self._on_progress(report)
        self._end_call(text, branches)

    def _end_call(self, text: str, branches: Branches) -> None:
        call = self._rules.tool_format.parse(text, self._tools)
        if isinstance(call, CallProblem):
            self._text += text
            self.problem = call.text
        else:
            self._text = self._text.strip()
            self._call = call
            spec = next(tool for tool in self._tools if tool.name == call.name)
            self.certainty = branches.certainty(text, call, spec, self._rules.tool_format)
            self.stop_reason = StopReason.CALL

    def _hit_limit(self) -> bool:
        return self._stream.stop_reason is StopReason.LENGTH
