"""Core values as the messages of `nemotron_agent_interfaces`."""

from typing import Any

from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.msg import TaskStats as TaskStatsMsg
from nemotron_agent_interfaces.msg import Tool as ToolMsg
from nemotron_agent_interfaces.msg import ToolCallRecord

from nemotron_agent.core.agent_events import (
    AgentEvent,
    CallEnded,
    CallWaits,
    ModelProgressed,
    Queued,
    ResultShortened,
    SkillProgressed,
    ToolCalled,
)
from nemotron_agent.core.chat_model import Phase
from nemotron_agent.core.compacted import ContextCompacted
from nemotron_agent.core.json_text import encodable, to_json
from nemotron_agent.core.task import CallRecord, TaskResult, TaskStats, TaskStatus
from nemotron_agent.core.tool import Outcome, RequestState, ToolSpec

OUTCOMES = {
    Outcome.SUCCEEDED: ToolCallRecord.OUTCOME_SUCCEEDED,
    Outcome.REJECTED: ToolCallRecord.OUTCOME_REJECTED,
    Outcome.ABORTED: ToolCallRecord.OUTCOME_ABORTED,
    Outcome.CANCELED: ToolCallRecord.OUTCOME_CANCELED,
    Outcome.TIMED_OUT: ToolCallRecord.OUTCOME_TIMED_OUT,
    Outcome.UNAVAILABLE: ToolCallRecord.OUTCOME_UNAVAILABLE,
    Outcome.INVALID: ToolCallRecord.OUTCOME_INVALID,
    Outcome.UNKNOWN: ToolCallRecord.OUTCOME_UNKNOWN,
}
PHASES = {
    Phase.PREFILL: ExecuteTask.Feedback.PREFILL,
    Phase.THINKING: ExecuteTask.Feedback.THINKING,
    Phase.ANSWERING: ExecuteTask.Feedback.ANSWERING,
    Phase.CALLING: ExecuteTask.Feedback.CALLING,
}
UNKNOWN = -1.0


def tool_message(spec: ToolSpec) -> ToolMsg:
    """A tool as a message."""
    return ToolMsg(
        name=spec.name,
        description=spec.description,
        parameters=to_json(spec.parameters),
        builtin=spec.builtin,
    )


def call_message(record: CallRecord) -> ToolCallRecord:
    """A call's record as a message."""
    return ToolCallRecord(
        request_id=record.request_id,
        tool=encodable(record.call.name),
        arguments=to_json(record.call.arguments),
        verdict=record.verdict.value,
        verdict_reason=encodable(record.verdict_reason),
        outcome=OUTCOMES[record.result.outcome],
        result=encodable(record.result.text),
        duration_sec=record.duration_sec,
    )


def stats_message(stats: TaskStats) -> TaskStatsMsg:
    """A task's cost as a message."""
    usage = stats.usage
    return TaskStatsMsg(
        turns=stats.turns,
        prompt_tokens=usage.prompt_tokens,
        reused_tokens=usage.reused_tokens,
        new_tokens=usage.new_tokens,
        generated_tokens=usage.generated_tokens,
        decode_calls=usage.decode_calls,
        time_to_first_token_sec=_or_unknown(stats.time_to_first_token_sec),
        time_to_first_request_sec=_or_unknown(stats.time_to_first_request_sec),
        tokens_per_sec=usage.tokens_per_sec,
        duration_sec=stats.duration_sec,
    )


def fill_result(message: Any, result: TaskResult) -> Any:
    """Fill what the result of ExecuteTask and the response of Ask have in common; return it."""
    message.error_code = result.status.value
    if result.status is not TaskStatus.DONE:
        message.error_msg = encodable(result.error)
    message.answer = encodable(result.answer)
    message.awaits_reply = result.awaits_reply
    message.tool_calls = [call_message(record) for record in result.calls]
    message.stats = stats_message(result.stats)
    return message


def feedback_message(event: AgentEvent) -> ExecuteTask.Feedback:
    """An event of a running task as feedback."""
    feedback = ExecuteTask.Feedback(progress=UNKNOWN)
    if isinstance(event, Queued):
        feedback.phase = feedback.QUEUED
        feedback.text = f'{event.position} tasks go first' if event.position else ''
    elif isinstance(event, ModelProgressed):
        progress = event.progress
        feedback.phase = PHASES[progress.phase]
        feedback.text = encodable(progress.text)
        if progress.phase is Phase.PREFILL and progress.new_tokens:
            feedback.progress = progress.evaluated_tokens / progress.new_tokens
    elif isinstance(event, ToolCalled):
        feedback.phase = feedback.CALLING
        feedback.tool = encodable(event.call.name)
        feedback.arguments = to_json(event.call.arguments)
    elif isinstance(event, CallWaits):
        confirms = event.state is RequestState.CONFIRM
        feedback.phase = feedback.CONFIRM if confirms else feedback.EXECUTING
        feedback.tool = event.call.name
        feedback.text = encodable(event.text)
    elif isinstance(event, SkillProgressed):
        feedback.phase = feedback.EXECUTING
        feedback.tool = event.call.name
        feedback.text = encodable(event.feedback.text)
        feedback.progress = _or_unknown(event.feedback.progress)
    elif isinstance(event, CallEnded):
        feedback.phase = feedback.RESULT
        feedback.tool = encodable(event.record.call.name)
        feedback.text = encodable(event.record.result.text)
    elif isinstance(event, ContextCompacted | ResultShortened):
        feedback.phase = feedback.COMPACTED
        feedback.text = encodable(event.text)
    return feedback


def _or_unknown(value: float | None) -> float:
    return UNKNOWN if value is None else value
