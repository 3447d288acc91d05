"""The loop: model, call, result, until there is an answer or a limit."""

import dataclasses
import logging
import time
from typing import TYPE_CHECKING

from nemotron_agent.core.agent_events import (
    CallEnded,
    CallWaits,
    EventSink,
    ModelProgressed,
    SkillProgressed,
    ToolCalled,
)
from nemotron_agent.core.builtin_tools import ASK_OPERATOR, DECLINE
from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.chat_model import ModelReply, Phase, ReplyProgress, StopReason, Usage
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.disabled_note import with_disabled_note, without_disabled_note
from nemotron_agent.core.doubts.ask_model import OnProgress
from nemotron_agent.core.doubts.doubts import Doubts
from nemotron_agent.core.doubts.earlier_calls import calls_of
from nemotron_agent.core.gate import CallRequest, Verdict
from nemotron_agent.core.loop_guard import LoopGuard
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.progress_note import progress_note
from nemotron_agent.core.said import Said
from nemotron_agent.core.said_quantities import said_by_unit
from nemotron_agent.core.task import CallRecord, Task, TaskResult, TaskStats, TaskStatus
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool import Outcome, RequestState
from nemotron_agent.core.tool_registry import invalid

if TYPE_CHECKING:
    from nemotron_agent.core.agent import Agent

logger = logging.getLogger(__name__)

EMPTY_REPLY = 'Your reply was empty. Call a tool, or answer the operator.'


class TaskRun:
    """One task on its way.

    Attributes:
        turn: its messages so far.
    """

    def __init__(
        self,
        agent: 'Agent',
        task: Task,
        conversation: Conversation,
        on_event: EventSink,
        cancel: CancelToken,
    ) -> None:
        self.turn: list[Message] = [
            Message('user', with_disabled_note(task.text, agent.tools.disabled))
        ]
        self._agent = agent
        self._conversation = conversation
        turns = conversation.turns
        before = without_disabled_note(turns[-1][0].content) if turns else None
        self._doubts = Doubts(
            agent.model,
            task.text,
            before,
            agent.tools.specs,
            cancel,
            lambda: agent.tools.disabled.keys(),
            [tuple(calls_of(turn)) for turn in turns],
        )
        is_doubted = agent.model.min_support is not None
        self._said = said_by_unit(task.text, agent.tools.specs) if is_doubted else {}
        self._task = task
        self._on_event = on_event
        self._cancel = cancel
        self._calls: list[CallRecord] = []
        self._guard = LoopGuard(
            task.text, agent.limits, agent.tools.resources_of, task.timeout_sec
        )
        self._thinking = task.thinking or Thinking.OFF
        self._failed = False
        self._turns = 0
        self._usage = Usage()
        self._started = time.monotonic()
        self._first_token_sec: float | None = None
        self._first_request_sec: float | None = None

    def until_end(self) -> TaskResult:
        """Step until the task has ended."""
        for _ in range(self._agent.limits.max_steps):
            if self._cancel.canceled:
                return self._canceled()
            result = self._step()
            if result is not None:
                return result
        return self.ended(
            TaskStatus.STEP_LIMIT,
            error=f'the task took more than {self._agent.limits.max_steps} steps and was ended: '
            'ask for less at once, or raise the parameter max_steps',
        )

    def ended(
        self,
        status: TaskStatus,
        *,
        error: str = '',
        answer: str = '',
        awaits_reply: bool = False,
    ) -> TaskResult:
        """The result, with what it took to get there."""
        stats = TaskStats(
            turns=self._turns,
            usage=self._usage,
            time_to_first_token_sec=self._first_token_sec,
            time_to_first_request_sec=self._first_request_sec,
            duration_sec=time.monotonic() - self._started,
        )
        return TaskResult(status, error, answer, awaits_reply, tuple(self._calls), stats)

    def _step(self) -> TaskResult | None:
        reply = self._doubts.reply(self._ask_model, self._on_progress)
        self._turns += 1
        if reply.usage.prompt_tokens:
            self._conversation.tokens = reply.usage.prompt_tokens + reply.usage.generated_tokens
        if reply.stop_reason is StopReason.CANCELED:
            return self._canceled()
        call = reply.message.tool_call
        empty = call is None and not reply.message.content.strip()
        problem = reply.problem or (EMPTY_REPLY if empty else '')
        self._failed = bool(problem)
        if problem:
            self.turn += [reply.message, Message('user', problem)]
            self._guard.add_bad(problem)
            return self._stopped_by_guard()
        self.turn.append(reply.message)
        if call is None:
            return self.ended(TaskStatus.DONE, answer=reply.message.content.strip())
        return self._after_call(self._call(call))

    def _ask_model(
        self,
        withheld: frozenset[str],
        on_progress: OnProgress,
        note: str = '',
        listed: frozenset[str] = frozenset(),
    ) -> ModelReply:
        opening = dataclasses.replace(
            self._agent.opening(self._conversation),
            thinking=self._thinking.for_reply(self._task.text, self._failed),
            priority=self._task.priority,
            withheld=withheld | self._agent.tools.disabled.keys(),
            said=Said(self._said, listed),
        )
        turn = self.turn
        if note:
            last = turn[-1]
            turn = [*turn[:-1], dataclasses.replace(last, content=f'{last.content} {note}')]
        reply = self._agent.window.reply(
            opening, self._conversation, turn, on_progress, self._on_event, self._cancel
        )
        self._usage += reply.usage
        return reply

    def _on_progress(self, progress: ReplyProgress) -> None:
        if self._first_token_sec is None and progress.phase is not Phase.PREFILL:
            self._first_token_sec = time.monotonic() - self._started
        self._on_event(ModelProgressed(progress))

    def _call(self, call: ToolCall) -> CallRecord:
        self._on_event(ToolCalled(call))
        spec = self._agent.tools.spec(call.name)
        objection = ''
        if spec and not spec.builtin:
            objection = self._guard.objection(call) or self._doubts.objection(call)
        if objection:
            record = _skipped(call, objection)
        else:
            record = self._run(call)
            if record.request_id:
                self._doubts.add_run(call, record.result)
                self._guard.add_run(record)
            if record.result.outcome is Outcome.INVALID:
                self._guard.add_bad(record.result.text)
        self._failed = record.result.outcome is not Outcome.SUCCEEDED
        self._calls.append(record)
        self._on_event(CallEnded(record))
        logger.info(
            '%s %.200s: %s, %.200s',
            call.name,
            call.arguments_json,
            record.result.outcome.value,
            record.result.text,
        )
        return record

    def _run(self, call: ToolCall) -> CallRecord:
        spec = self._agent.tools.spec(call.name)
        if self._first_request_sec is None and spec is not None and not spec.builtin:
            self._first_request_sec = time.monotonic() - self._started

        def on_state(request: CallRequest, state: RequestState, text: str) -> None:
            # PENDING has a text only while the request waits for a resource.
            if state is RequestState.CONFIRM or (state is RequestState.PENDING and text):
                self._on_event(CallWaits(call, state, text))

        return self._agent.tools.call(
            call,
            origin=self._task.origin,
            conversation_id=self._task.conversation_id,
            task_id=self._task.id,
            priority=self._task.priority,
            cancel=self._cancel,
            on_feedback=lambda feedback: self._on_event(SkillProgressed(call, feedback)),
            on_state=on_state,
        )

    def _after_call(self, record: CallRecord) -> TaskResult | None:
        spec = self._agent.tools.spec(record.call.name)
        outcome = record.result.outcome
        if spec is not None and spec.ends_task and outcome is Outcome.SUCCEEDED:
            declined = spec.name == DECLINE.spec.name
            return self.ended(
                TaskStatus.DECLINED if declined else TaskStatus.DONE,
                error=record.result.text if declined else '',
                answer=record.result.text,
                awaits_reply=spec.name == ASK_OPERATOR.spec.name,
            )
        self.turn.append(Message('tool', self._told(record), tool_name=record.call.name))
        if self._cancel.canceled:
            return self._canceled()
        return self._stopped_by_guard()

    def _told(self, record: CallRecord) -> str:
        """What the model is told of a call."""
        result = record.result
        told = self._agent.window.result_for_model(record.call.name, result.text, self._on_event)
        if not self._agent.progress_notes or result.outcome is not Outcome.SUCCEEDED:
            return told
        done = [r.call for r in self._calls if r.result.outcome is Outcome.SUCCEEDED]
        return f'{told} {progress_note(self._task.text, done)}'

    def _stopped_by_guard(self) -> TaskResult | None:
        end = self._guard.end
        return None if end is None else self.ended(end.status, error=end.error)

    def _canceled(self) -> TaskResult:
        reason = self._cancel.reason or CancelReason.CANCELED
        unknown = [r.result.text for r in self._calls if r.result.outcome is Outcome.UNKNOWN]
        error = '; '.join([f'the task was {reason.value}', *unknown])
        return self.ended(TaskStatus.of_cancel(reason), error=error)


def _skipped(call: ToolCall, text: str) -> CallRecord:
    """The record of a call that is not passed on; `text` tells the model why."""
    return CallRecord('', call, Verdict.NONE, '', invalid(text), 0.0, skipped=True)
