"""The loop: model, call, result, until there is an answer or a limit."""

import dataclasses
import logging
import time
from collections.abc import Callable

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
from nemotron_agent.core.chat_model import (
    ChatModel,
    ChatRequest,
    ModelReply,
    Phase,
    ReplyProgress,
    ReplyProtocol,
    StopReason,
    Usage,
)
from nemotron_agent.core.context_window import ContextWindow, WindowRules
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_archive import FinishedTurn
from nemotron_agent.core.doubt import Doubts, OnProgress
from nemotron_agent.core.errors import ContextFullError, ModelError
from nemotron_agent.core.gate import CallRequest, Verdict
from nemotron_agent.core.loop_guard import AgentLimits, LoopGuard
from nemotron_agent.core.messages import Message, ToolCall
from nemotron_agent.core.progress_note import progress_note
from nemotron_agent.core.task import CallRecord, Task, TaskResult, TaskStats, TaskStatus
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool import Outcome, RequestState
from nemotron_agent.core.tool_registry import ToolRegistry, invalid

logger = logging.getLogger(__name__)

LASTING = (TaskStatus.DONE, TaskStatus.DECLINED)
EMPTY_REPLY = 'Your reply was empty. Call a tool, or answer the operator.'
KeepTurn = Callable[[Conversation, FinishedTurn], None]


class Agent:
    """Carries out tasks with a model and tools; one task of a conversation at a time.

    It keeps no state of its own between tasks: what lasts is in the conversation.

    Args:
        progress_notes: whether the model is told beside each result how far the command is done;
            None is for models whose replies are always calls.
        keep_turn: called with each turn that was added, before the task's result is given.
        window_rules: how conversations are kept within the model's context.

    Attributes:
        model, tools, limits: as given.
        system: what the model is told first.
        progress_notes: whether it is told how far a command is done.
        window: keeps conversations within the model's context.
    """

    def __init__(
        self,
        model: ChatModel,
        tools: ToolRegistry,
        system_prompt: str,
        limits: AgentLimits,
        progress_notes: bool | None = None,
        keep_turn: KeepTurn = lambda conversation, turn: None,
        window_rules: WindowRules | None = None,
    ) -> None:
        self.model = model
        self.tools = tools
        self.system = Message('system', system_prompt)
        self.limits = limits
        calls_only = model.reply_protocol is ReplyProtocol.CALL_ONLY
        self.progress_notes = calls_only if progress_notes is None else progress_notes
        self._keep_turn = keep_turn
        self.window = ContextWindow(model, window_rules or WindowRules())

    def opening(self, conversation: Conversation) -> ChatRequest:
        """The request that every reply of a conversation begins with."""
        return ChatRequest(conversation.id, (self.system,), self.tools.specs)

    def compact_when_idle(self, conversation: Conversation, cancel: CancelToken) -> bool:
        """Summarise a conversation's old turns if its room is nearly used up; whether it was."""
        try:
            done = self.window.compact_when_idle(self.opening(conversation), conversation, cancel)
        except ModelError as error:
            logger.warning('conversation "%s" is not summarised: %s', conversation.id, error)
            return False
        return done is not None

    def run(
        self, task: Task, conversation: Conversation, on_event: EventSink, cancel: CancelToken
    ) -> TaskResult:
        """Carry out a task and add its turn to the conversation.

        A task that failed before anything was asked of the robot leaves no trace in it.
        """
        logger.info('task of %s in "%s": %.200s', task.origin, task.conversation_id, task.text)
        started = time.time()
        run = _TaskRun(self, task, conversation, on_event, cancel)
        try:
            result = run.until_end()
        except ContextFullError as error:
            result = run.ended(TaskStatus.CONTEXT_FULL, error=str(error))
        except ModelError as error:
            result = run.ended(TaskStatus.MODEL_ERROR, error=str(error))
        if result.status in LASTING or any(record.request_id for record in result.calls):
            turn = tuple(run.turn)
            conversation.add_turn(turn)
            self._keep_turn(
                conversation, FinishedTurn(turn, task.origin, result, started, time.time())
            )
        logger.info('task %s: %.200s', result.status.name, result.error or result.answer)
        return result


class _TaskRun:
    """One task on its way; `turn` holds its messages so far."""

    def __init__(
        self,
        agent: Agent,
        task: Task,
        conversation: Conversation,
        on_event: EventSink,
        cancel: CancelToken,
    ) -> None:
        self.turn: list[Message] = [Message('user', task.text)]
        self._agent = agent
        self._conversation = conversation
        before = conversation.turns[-1][0].content if conversation.turns else None
        self._doubts = Doubts(agent.model, task.text, before, agent.tools.specs, cancel)
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

    def _ask_model(self, withheld: frozenset[str], on_progress: OnProgress) -> ModelReply:
        opening = dataclasses.replace(
            self._agent.opening(self._conversation),
            thinking=self._thinking.for_reply(self._task.text, self._failed),
            priority=self._task.priority,
            withheld=withheld | self._agent.tools.disabled,
        )
        reply = self._agent.window.reply(
            opening, self._conversation, self.turn, on_progress, self._on_event, self._cancel
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
                self._doubts.add_run(call)
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
