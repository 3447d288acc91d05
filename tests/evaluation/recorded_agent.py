"""An agent without ROS whose tasks are recorded."""

from pathlib import Path

from nemotron_agent.core.agent import Agent
from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.phrase_model import PhraseModel
from nemotron_agent.core.phrases import PhraseEntry
from nemotron_agent.core.spoken_text import words_of
from nemotron_agent.core.task import Task
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.llm.model_loading import ModelParameters, load_model
from nemotron_agent.ros.record_opening import heading
from nemotron_agent.safety.audit_log import AuditLog
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.safety.recorder import Recorder
from nemotron_agent.testing.open_policy import OpenPolicy


class RecordedAgent:
    """Runs tasks and records them, as the node does."""

    def __init__(self, folder: Path, parameters: ModelParameters, tools, policy=None):
        self.model = load_model(parameters)
        self.recorder = Recorder(AuditLog(folder))
        every = [*tools, *builtin_tools(self.model.reply_protocol)]
        gate = SafetyGate(policy or OpenPolicy(), record=self.recorder)
        registry = ToolRegistry(every, gate, self.recorder)
        self.agent = Agent(self.model, registry, 'You are a robot.', AgentLimits(max_steps=4))
        head = heading('/agent', parameters, {}, every, self.agent, Thinking.OFF)
        self.recorder.log.start(head)
        self.conversation = Conversation('c1')

    def run(self, text, cancel=None, disabled=None, phrase=None):
        """Carry out a task; return it and its result."""
        task = Task(text, 'c1', 'operator', thinking=Thinking.OFF)
        self.recorder.task(task, self.conversation, disabled, phrase)
        agent = self._phrase_agent(text, phrase) if phrase else self.agent
        result = agent.run(
            task,
            self.conversation,
            lambda event: self.recorder.event(task, event),
            cancel or CancelToken(),
        )
        self.recorder.task_end(task, result)
        return task, result

    def _phrase_agent(self, text, phrase):
        entry = PhraseEntry.model_validate({'say': [text], **phrase})
        model = PhraseModel({words_of(text): entry}, self.model.reply_protocol, 4096)
        return Agent(model, self.agent.tools, 'You are a robot.', AgentLimits(), False)

    def close(self):
        """End it, and with it the record."""
        self.model.close()
        self.recorder.close()
