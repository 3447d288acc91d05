"""Tells the record what happens: commands, verdicts, states, stops."""

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

from nemotron_agent.core.agent_events import AgentEvent, CallEnded
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.compacted import ContextCompacted
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_json import conversation_to_json
from nemotron_agent.core.gate import CallRequest, Decision, Verdict
from nemotron_agent.core.task import CallRecord, Task, TaskResult
from nemotron_agent.core.tool import RequestState
from nemotron_agent.safety.audit_log import AuditError, AuditLog
from nemotron_agent.safety.confirmation import Answer
from nemotron_agent.safety.stop_latch import Stop, StopReport

logger = logging.getLogger(__name__)


class Recorder:
    """Writes one node's record.

    Only a verdict that lets something move waits for the disk; all else is noted and written
    after. docs/safety.md lists the entries.

    Args:
        log: where to.
        required: whether what cannot be recorded is denied.
    """

    def __init__(self, log: AuditLog, required: bool = True) -> None:
        self.log = log
        self._required = required

    def command(self, task: Task) -> None:
        """Note a command that was taken."""
        self.log.note('command', **_task(task))

    def refused(self, text: str, origin: str, conversation_id: str, reason: str) -> None:
        """Note a command that was not taken."""
        self.log.note(
            'refused', text=text, origin=origin, conversation=conversation_id, reason=reason
        )

    def task(
        self,
        task: Task,
        conversation: Conversation,
        disabled: Mapping[str, str] | None = None,
        phrase: Mapping[str, Any] | None = None,
    ) -> None:
        """Note that a task begins to run.

        Args:
            task: as it runs.
            conversation: what it holds so far.
            disabled: skills that cannot be called now, and what they want.
            phrase: the call that takes the place of the model, if the command is a phrase.
        """
        self.log.note(
            'task',
            **_task(task),
            disabled=dict(disabled or {}),
            phrase=phrase,
            window=conversation_to_json(conversation),
        )

    def event(self, task: Task, event: AgentEvent) -> None:
        """Note what a running task reports, as far as it belongs into the record."""
        if isinstance(event, CallEnded):
            self.log.note('call', task=task.id, **_call(event.record))
        elif isinstance(event, ContextCompacted):
            fields = dataclasses.asdict(event)
            self.log.note('compaction', task=task.id, conversation=task.conversation_id, **fields)

    def idle_compaction(self, conversation: Conversation) -> None:
        """Note that a conversation was made shorter between tasks, and what it lacks by now."""
        left_out = dataclasses.asdict(conversation.left_out)
        self.log.note('compaction', conversation=conversation.id, left_out=left_out)

    def task_end(self, task: Task, result: TaskResult) -> None:
        """Note how a task ended."""
        self.log.note(
            'task_end',
            task=task.id,
            status=result.status.name.lower(),
            answer=result.answer,
            error=result.error,
            calls=len(result.calls),
            duration_sec=result.stats.duration_sec,
        )

    def verdict(self, request: CallRequest, decision: Decision, cancel: CancelToken) -> Decision:
        """Write a verdict; return it, or what becomes of it if it cannot be written."""
        fields = _verdict(request, decision)
        if decision.verdict not in (Verdict.ALLOW, Verdict.CLAMP):
            self.log.note('verdict', **fields)
            return decision
        try:
            self.log.write('verdict', cancel, **fields)
        except AuditError as error:
            return self._unrecorded(request, decision, cancel, str(error))
        return decision

    def __call__(self, request: CallRequest, state: RequestState, text: str) -> None:
        """Note a state of a request, as a `RequestObserver`."""
        self.log.note(
            'state',
            request=request.request_id,
            task=request.task_id,
            skill=request.call.name,
            state=state.name.lower(),
            text=text,
            goal=request.goal_id,
        )

    def answer(self, request: CallRequest, answer: Answer) -> None:
        """Note what came of asking an operator."""
        self.log.note(
            'confirmation',
            request=request.request_id,
            task=request.task_id,
            skill=request.call.name,
            arguments=request.call.arguments,
            arguments_hash=request.arguments_hash,
            approved=answer.approved,
            operator=answer.operator_id,
            text=answer.text,
        )

    def stop(self, stop: Stop | None, report: StopReport | None) -> None:
        """Note a stop, or without one its release; a listener of the stop latch."""
        if stop is None:
            self.log.note('release')
        else:
            calls = report.calls if report else 0
            self.log.note('stop', reason=stop.reason, calls=calls)

    def resource_release(self, resource: str, operator: str, request_id: str) -> None:
        """Note that an operator freed a locked resource."""
        self.log.note('resource_release', resource=resource, operator=operator, request=request_id)

    def close(self) -> None:
        """Note the node's end, and let go of the record; may be called twice."""
        self.log.note('end')
        self.log.close()

    def _unrecorded(
        self, request: CallRequest, decision: Decision, cancel: CancelToken, problem: str
    ) -> Decision:
        if cancel.canceled:
            decision = dataclasses.replace(decision, verdict=Verdict.NONE, reason=problem)
        elif self._required:
            decision = Decision(Verdict.DENY, problem, request.call.arguments, 'record')
        else:
            logger.warning('%s runs without a record: %s', request.call.name, problem)
        self.log.note('verdict', **_verdict(request, decision))
        return decision


def _task(task: Task) -> dict[str, Any]:
    return {
        'task': task.id,
        'text': task.text,
        'conversation': task.conversation_id,
        'origin': task.origin,
        'priority': task.priority,
        'thinking': task.thinking.value if task.thinking else None,
        'timeout_sec': task.timeout_sec,
    }


def _call(record: CallRecord) -> dict[str, Any]:
    return {
        'request': record.request_id,
        'skill': record.call.name,
        'arguments': record.call.arguments,
        'verdict': record.verdict.name.lower(),
        'reason': record.verdict_reason,
        'outcome': record.result.outcome.value,
        'text': record.result.text,
        'skipped': record.skipped,
        'duration_sec': record.duration_sec,
    }


def _verdict(request: CallRequest, decision: Decision) -> dict[str, Any]:
    return {
        'request': request.request_id,
        'task': request.task_id,
        'conversation': request.conversation_id,
        'origin': request.origin,
        'priority': request.priority,
        'skill': request.call.name,
        'arguments': request.call.arguments,
        'run_with': decision.arguments,
        'interface': request.interface_path,
        'datatype': request.datatype,
        'verdict': decision.verdict.name.lower(),
        'rule': decision.rule,
        'reason': decision.reason,
    }
