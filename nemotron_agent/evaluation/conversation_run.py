"""Holds one conversation of a suite with the very loop of the node."""

import threading

from nemotron_agent.core.agent import Agent
from nemotron_agent.core.agent_events import AgentEvent
from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.chat_model import ChatModel, ReplyProtocol
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.task import CallRecord, Task, TaskResult
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.evaluation.body import Body, skills_of
from nemotron_agent.evaluation.case import Turn
from nemotron_agent.evaluation.facts import CallFacts, TurnFacts, end_of
from nemotron_agent.evaluation.observation import Observation
from nemotron_agent.evaluation.policy_gate import PolicyGate
from nemotron_agent.evaluation.suite import SuiteEntry
from nemotron_agent.evaluation.watched_model import WatchedModel
from nemotron_agent.evaluation.watched_tool import WatchedTool
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.testing.open_policy import OpenPolicy

ORIGIN = 'evaluation'
TASK_TIMEOUT_SEC = 300.0


class ConversationRun:
    """One conversation: its own tools, gate and memory; the model and the body are shared.

    Args:
        conversation_id: of the model; nobody else uses it.
        timeout_sec: limit of one turn [s].
    """

    def __init__(
        self,
        entry: SuiteEntry,
        conversation_id: str,
        model: ChatModel,
        body: Body,
        thinking: Thinking = Thinking.OFF,
        timeout_sec: float = TASK_TIMEOUT_SEC,
    ) -> None:
        self._entry = entry
        self._body = body
        self._thinking = thinking
        self._timeout_sec = timeout_sec
        self._model = WatchedModel(model)
        case, robot = entry.case, entry.robot
        skills = skills_of(robot)
        self._tools = [
            WatchedTool(tool, skills.get(tool.spec.name), case.results.get(tool.spec.name, ()))
            for tool in body.tools(robot)
        ]
        self._registry = ToolRegistry(
            [*self._tools, *builtin_tools(model.reply_protocol)],
            PolicyGate(SafetyGate(OpenPolicy()), case.deny),
        )
        self._agent = Agent(self._model, self._registry, robot.system_prompt, AgentLimits())
        self._conversation = Conversation(conversation_id)

    def run(self) -> list[TurnFacts]:
        """Say all turns; the model forgets the conversation at the end."""
        try:
            self._body.begin(self._entry.robot, self._entry.case.start)
            return [self._turn(turn) for turn in self._entry.case.turns]
        finally:
            self._model.forget(self._conversation.id)

    def _turn(self, turn: Turn) -> TurnFacts:
        seen = Observation(turn.interrupt)
        self._model.observation = seen
        for tool in self._tools:
            tool.observation = seen
        task = Task(turn.say, self._conversation.id, ORIGIN, thinking=self._thinking)
        result = self._run(task, seen)
        state = self._body.state_after(turn)
        if result is None:
            return TurnFacts(end='crash', crash=seen.crash, state=state)
        stats, usage = result.stats, result.stats.usage
        return TurnFacts(
            calls=self._calls(result.calls),
            end=end_of(result, self._model.reply_protocol is ReplyProtocol.NATIVE),
            answer=result.answer,
            error=result.error,
            unparsed=seen.unparsed,
            out_of_bounds=seen.out_of_bounds,
            crash=seen.crash,
            state=state,
            first_request_sec=stats.time_to_first_request_sec,
            first_token_sec=stats.time_to_first_token_sec,
            duration_sec=stats.duration_sec,
            replies=stats.turns,
            prompt_tokens=usage.prompt_tokens,
            reused_tokens=usage.reused_tokens,
            generated_tokens=usage.generated_tokens,
        )

    def _run(self, task: Task, seen: Observation) -> TaskResult | None:
        limit = threading.Timer(self._timeout_sec, _time_out, [seen.cancel])
        limit.daemon = True
        limit.start()
        try:
            return self._agent.run(task, self._conversation, _ignore, seen.cancel)
        except Exception as error:  # a defect; the other conversations are still worth holding
            seen.crashed(error)
            return None
        finally:
            limit.cancel()

    def _calls(self, records: tuple[CallRecord, ...]) -> tuple[CallFacts, ...]:
        return tuple(
            CallFacts(
                tool=record.call.name,
                arguments=dict(record.call.arguments),
                outcome=record.result.outcome.value,
                text=record.result.text,
                builtin=self._is_builtin(record.call.name),
                skipped=record.skipped,
            )
            for record in records
        )

    def _is_builtin(self, name: str) -> bool:
        spec = self._registry.spec(name)
        return spec is not None and spec.builtin


def _time_out(cancel: CancelToken) -> None:
    cancel.cancel(CancelReason.TIMED_OUT)


def _ignore(event: AgentEvent) -> None:
    """Nobody watches the pieces."""
