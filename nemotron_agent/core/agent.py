"""Carries out tasks, and adds the turns that come of them to their conversations."""

import logging
import time
from collections.abc import Callable

from nemotron_agent.core.agent_events import EventSink
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel, ChatRequest, ReplyProtocol
from nemotron_agent.core.context_window import ContextWindow, WindowRules
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_archive import FinishedTurn
from nemotron_agent.core.errors import ContextFullError, ModelError
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.messages import Message
from nemotron_agent.core.task import Task, TaskResult, TaskStatus
from nemotron_agent.core.task_run import TaskRun
from nemotron_agent.core.tool_registry import ToolRegistry

logger = logging.getLogger(__name__)

LASTING = (TaskStatus.DONE, TaskStatus.DECLINED)
KeepTurn = Callable[[Conversation, FinishedTurn], None]


class Agent:
    """Carries out tasks with a model and tools; one task of a conversation at a time.

    It keeps no state of its own between tasks: what lasts is in the conversation.

    Args:
        progress_notes: whether the model is told beside each result how far the command is done;
            None is for models whose replies are always calls, and not looked at twice (`Doubts`).
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
        # Doubts keep count of the steps themselves; a note would only be repeated to the operator.
        needed = model.reply_protocol is ReplyProtocol.CALL_ONLY and model.min_support is None
        self.progress_notes = needed if progress_notes is None else progress_notes
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
        run = TaskRun(self, task, conversation, on_event, cancel)
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
