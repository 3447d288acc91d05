"""Keeps a conversation within the context, and says what it leaves out."""

import bisect
import dataclasses
import logging
from collections.abc import Callable, Sequence

from nemotron_agent.core.agent_events import EventSink, ResultShortened
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel, ChatRequest, ModelReply, ReplyProgress
from nemotron_agent.core.compacted import ContextCompacted
from nemotron_agent.core.compaction import History, last_resorts, steps
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.errors import ContextFullError, TurnTooLargeError
from nemotron_agent.core.messages import Message
from nemotron_agent.core.shortened import shortened
from nemotron_agent.core.summary_writer import SummaryWriter
from nemotron_agent.core.token_counter import TokenCounter
from nemotron_agent.core.window_plan import WindowPlan

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class WindowRules:
    """How a conversation is kept within the context.

    Attributes:
        keep_turns: the newest turns that stay as they are, unless they fill the room nearly alone.
        compact_to: share of the conversation's room that a compaction leaves filled, so that the
            next one is many turns away.
        summary_tokens: most tokens of a summary of old turns; 0 has none written.
        max_result_characters: what the model is told of a tool's result at most.
        perception_tokens: kept free for what the robot sees.
    """

    keep_turns: int = 4
    compact_to: float = 0.5
    summary_tokens: int = 200
    max_result_characters: int = 2000
    perception_tokens: int = 0


class ContextWindow:
    """Asks a model on behalf of conversations that may be longer than its context.

    Attributes:
        rules: as given.
        compactions: how often a conversation became shorter.
        last_compaction: what became of it then, for people.
        shortened_results: results of which the model was told head and tail.
    """

    def __init__(self, model: ChatModel, rules: WindowRules) -> None:
        self.rules = rules
        self.compactions = 0
        self.last_compaction = ''
        self.shortened_results = 0
        self._model = model
        self._summaries = SummaryWriter(model, rules.summary_tokens)

    def reply(
        self,
        opening: ChatRequest,
        conversation: Conversation,
        turn: list[Message],
        on_progress: Callable[[ReplyProgress], None],
        on_event: EventSink,
        cancel: CancelToken,
    ) -> ModelReply:
        """Go on with a conversation; where it is too long it becomes shorter, which is an event.

        Args:
            opening: the request, with the system message alone.
            conversation: what was said before.
            turn: the present turn; its old results become shorter if nothing else helps.
            on_progress: as in `ChatModel.reply`.
            on_event: told of a compaction.
            cancel: ends the reply.

        Raises:
            TurnTooLargeError: the turn does not fit even without the conversation, which is as it
                was then.
            ContextFullError: the same, from a model that does not count tokens.
            ModelError: the model could not be evaluated.
        """
        while True:
            history = History.of(conversation, turn)
            request = history.request(opening)
            try:
                return self._model.reply(request, on_progress, cancel)
            except ContextFullError as error:
                shorter, compacted = self._fitting(opening, history, error)
            conversation.shorten(shorter.turns, shorter.left_out)
            turn[:] = shorter.present
            self._report(f'conversation "{conversation.id}": {compacted.text}')
            on_event(compacted)

    def compact_when_idle(
        self, opening: ChatRequest, conversation: Conversation, cancel: CancelToken
    ) -> ContextCompacted | None:
        """Summarise old turns before the room for them is used up; None if nothing was done.

        A cancel, and a conversation that has changed meanwhile, leave everything as it was. So
        does a model that does not count tokens.

        Raises:
            ModelError: the model could not be evaluated.
        """
        before = History.of(conversation)
        count = TokenCounter(self._model, opening, before, conversation.tokens)
        if not (self.rules.summary_tokens and count.is_exact):
            return None
        plan = self._plan(opening, count, self._model.n_ctx)
        high_water = self._high_water(plan)
        if conversation.tokens <= high_water or count(before) <= high_water:
            return None
        path = steps(before, self.rules.keep_turns)
        shorter = _first(path, count, plan.filled(self.rules.compact_to))
        gone = before.turns[: len(before.turns) - len(shorter.turns)]
        if not gone or count(shorter) > high_water:
            return None
        summary = self._summaries.write(gone, before.left_out.summary, cancel)
        if cancel.canceled or not summary or History.of(conversation) != before:
            return None
        left_out = dataclasses.replace(shorter.left_out, summary=summary)
        shorter = dataclasses.replace(shorter, left_out=left_out)
        compacted = _compacted(before, shorter, count)
        conversation.shorten(shorter.turns, shorter.left_out)
        conversation.tokens = compacted.tokens_after
        self._report(f'conversation "{conversation.id}": {compacted.text}')
        return compacted

    def result_for_model(self, tool: str, text: str, on_event: EventSink) -> str:
        """What the model is told of a tool's result: head and tail of a long one."""
        told = shortened(text, self.rules.max_result_characters)
        if told != text:
            event = ResultShortened(tool, len(text), self.rules.max_result_characters)
            self.shortened_results += 1
            logger.info('%s', event.text)
            on_event(event)
        return told

    def _fitting(
        self, opening: ChatRequest, history: History, error: ContextFullError
    ) -> tuple[History, ContextCompacted]:
        """A shorter history, and what makes it so.

        It is at the low-water mark, or not above the high-water mark. Where the newest turns fill
        more than that they become shorter too, and go. If nothing else helps, it just fits.
        """
        n_ctx = error.n_ctx or self._model.n_ctx
        count = TokenCounter(self._model, opening, history, error.needed_tokens or n_ctx)
        plan = self._plan(opening, count, n_ctx)
        low_water, high_water = plan.filled(self.rules.compact_to), self._high_water(plan)
        gentle, hard = steps(history, self.rules.keep_turns), last_resorts(history)
        shorter = history
        for path, mark, most in (
            (gentle, low_water, high_water),
            (hard, high_water, high_water),
            (hard, plan.limit, plan.limit),
        ):
            shorter = _first(path, count, mark)
            if shorter != history and count(shorter) <= most:
                return shorter, _compacted(history, shorter, count)
        if not count.is_exact:
            raise error
        raise TurnTooLargeError(count(shorter), plan.n_ctx, plan.opening, plan.reply)

    def _high_water(self, plan: WindowPlan) -> int:
        """Midway between the low-water mark and full."""
        return plan.filled((1 + self.rules.compact_to) / 2)

    def _plan(self, opening: ChatRequest, count: TokenCounter, n_ctx: int) -> WindowPlan:
        return WindowPlan(
            n_ctx=n_ctx,
            opening=count.opening(),
            perception=self.rules.perception_tokens,
            reply=self._model.reply_reserve(opening.thinking),
        )

    def _report(self, text: str) -> None:
        self.compactions += 1
        self.last_compaction = text
        logger.info('%s', text)


def _first(path: Sequence[History], count: TokenCounter, limit: int) -> History:
    """The first step of a path, after its beginning, within a limit; its end if none is."""
    later = path[1:] or path
    fits = bisect.bisect_left(later, True, key=lambda history: count(history) <= limit)
    return later[min(fits, len(later) - 1)]


def _compacted(before: History, after: History, count: TokenCounter) -> ContextCompacted:
    return ContextCompacted.between(before.left_out, after.left_out, count(before), count(after))
