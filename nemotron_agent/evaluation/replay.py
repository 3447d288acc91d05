"""Runs a recorded task again, without the robot, through the same loop, registry and gate."""

import dataclasses

from nemotron_agent.core.agent import Agent
from nemotron_agent.core.agent_events import AgentEvent, CallEnded
from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.context_window import WindowRules
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.messages import Message
from nemotron_agent.core.phrase_model import PhraseModel
from nemotron_agent.core.phrases import PhraseEntry
from nemotron_agent.core.spoken_text import words_of
from nemotron_agent.core.task import TaskResult, TaskStatus
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.evaluation.call_comparison import ComparedCall, Difference, compare_calls
from nemotron_agent.evaluation.recorded_calls import RecordedPolicy, RecordedTool
from nemotron_agent.evaluation.recorded_task import RecordedTask
from nemotron_agent.safety.gate import SafetyGate

CUT_SHORT = {
    status.name.lower()
    for status in (
        TaskStatus.CANCELED,
        TaskStatus.PREEMPTED,
        TaskStatus.STOPPED,
        TaskStatus.TIMED_OUT,
    )
} | {''}


@dataclasses.dataclass(frozen=True)
class ReplayedTask:
    """What came of running a task again."""

    recorded: RecordedTask
    result: TaskResult
    calls: list[ComparedCall]

    @property
    def is_same(self) -> bool:
        """Whether all calls are the same."""
        return all(call.difference is Difference.SAME for call in self.calls)


class Replay:
    """Runs recorded tasks again with a model, in the order they are given.

    A conversation goes on from one task to the next while it is what was recorded, so that the
    model finds in it the very tokens it decoded, as it did then.
    """

    def __init__(self, model: ChatModel) -> None:
        self._model = model
        self._conversations: dict[str, Conversation] = {}

    def run(self, recorded: RecordedTask) -> ReplayedTask:
        """Run a task again; verdicts and results are the recorded ones.

        A task that was cut short then is cut short after as many calls.

        Raises:
            ConfigurationError: the record does not hold what is needed.
            ModelError: the model failed.
        """
        agent = _agent(recorded, self._model)
        conversation = self._conversation(recorded)
        cancel = CancelToken()
        calls = 0

        def on_event(event: AgentEvent) -> None:
            nonlocal calls
            calls += isinstance(event, CallEnded)
            if recorded.status in CUT_SHORT and calls >= len(recorded.calls):
                cancel.cancel()

        # What it was then allowed to take says nothing of how long it takes here.
        task = dataclasses.replace(recorded.task, timeout_sec=None)
        result = agent.run(task, conversation, on_event, cancel)
        then = [call.call for call in recorded.calls]
        now = [record.call for record in result.calls]
        return ReplayedTask(recorded, result, compare_calls(then, now))

    def _conversation(self, recorded: RecordedTask) -> Conversation:
        id = recorded.task.conversation_id
        then, now = recorded.new_conversation(), self._conversations.get(id)
        if now is None or not _says_the_same(then, now):
            self._model.forget(id)
            now = self._conversations[id] = then
        return now


def _says_the_same(one: Conversation, other: Conversation) -> bool:
    """Whether the model is shown the same of both; the ids of calls are new in each run."""
    return one.left_out == other.left_out and _without_ids(one) == _without_ids(other)


def _without_ids(conversation: Conversation) -> list[list[Message]]:
    return [
        [
            dataclasses.replace(m, tool_call=dataclasses.replace(m.tool_call, id=''))
            if m.tool_call
            else m
            for m in turn
        ]
        for turn in conversation.turns
    ]


def _agent(recorded: RecordedTask, model: ChatModel) -> Agent:
    head = recorded.agent
    try:
        tools = [
            RecordedTool(tool, recorded.calls) for tool in head['tools'] if not tool['builtin']
        ]
        limits = AgentLimits(**{**head['limits'], 'time_sec': float('inf')})
        window = WindowRules(**head['window'])
        prompt, notes = head['system_prompt'], head['progress_notes']
        phrase = recorded.phrase and _phrase_model(recorded, model)
    except (KeyError, TypeError) as error:
        raise ConfigurationError(
            f'task {recorded.task.id} cannot be run again: the record does not say what its agent '
            'was made of, or says it in the way of another version'
        ) from error
    registry = ToolRegistry(
        [*tools, *builtin_tools(model.reply_protocol)],
        SafetyGate(RecordedPolicy(recorded.calls)),
        disabled=lambda: recorded.disabled,
    )
    if phrase:
        return Agent(phrase, registry, prompt, limits, False, window_rules=window)
    return Agent(model, registry, prompt, limits, notes, window_rules=window)


def _phrase_model(recorded: RecordedTask, model: ChatModel) -> PhraseModel:
    entry = PhraseEntry.model_validate({'say': [recorded.task.text], **(recorded.phrase or {})})
    phrases = {words_of(recorded.task.text): entry}
    return PhraseModel(phrases, model.reply_protocol, model.n_ctx)
