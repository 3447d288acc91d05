"""Builds from the parameters all that a configured agent is made of."""

import contextlib
import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nemotron_agent.archive.node_files import NodeFiles
from nemotron_agent.archive.sqlite_archive import ArchiveLimits, SqliteArchive
from nemotron_agent.core.agent import Agent
from nemotron_agent.core.agent_events import AgentEvent, EventSink
from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatModel
from nemotron_agent.core.context_window import WindowRules
from nemotron_agent.core.conversation_store import ConversationStore
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.gate import CallRequest, RequestObserver
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.messages import Message
from nemotron_agent.core.phrase_model import PhraseModel
from nemotron_agent.core.phrases import load_phrases
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.system_prompt import read_system_prompt
from nemotron_agent.core.task import Task, TaskResult
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool import RequestState
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.llm.model_loading import ModelParameters, load_model
from nemotron_agent.perception.fact_store import FactStore
from nemotron_agent.ros.fact_subscriptions import FactSubscriptions
from nemotron_agent.ros.interface_schema import complete_inputs
from nemotron_agent.ros.memory_watch import MemoryWatch
from nemotron_agent.ros.open_requests import OpenRequests
from nemotron_agent.ros.parameters import AgentParameters
from nemotron_agent.ros.policy_loading import load_policy
from nemotron_agent.ros.record_opening import heading, open_record
from nemotron_agent.ros.skill_loading import SkillTools, load_skill_tools
from nemotron_agent.ros.waiting import WaitLimits
from nemotron_agent.safety.confirmation import Confirmations
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.safety.recorder import Recorder
from nemotron_agent.safety.resource_locks import ResourceLocks
from nemotron_agent.safety.stop_latch import StopLatch
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.places import load_places

_PROGRESS_NOTES = {'auto': None, 'on': True, 'off': False}

logger = logging.getLogger(__name__)


@dataclasses.dataclass
class ConfiguredAgent:
    """What lives from configure to cleanup."""

    model: ChatModel
    skills: SkillTools
    facts: FactSubscriptions
    registry: ToolRegistry
    gate: SafetyGate
    recorder: Recorder
    agent: Agent
    phrases: PhraseModel
    phrase_agent: Agent
    conversations: ConversationStore
    thinking: Thinking
    memory_watch: MemoryWatch | None = None

    def run_task(self, task: Task, on_event: EventSink, cancel: CancelToken) -> TaskResult:
        """Carry out one task in its conversation."""
        if task.thinking is None:
            task = dataclasses.replace(task, thinking=self.thinking)
        conversation = self.conversations.get(task.conversation_id)
        phrase = self.phrases.entry(task.text)
        call = {'skill': phrase.skill, 'arguments': phrase.arguments} if phrase else None
        self.recorder.task(task, conversation, self.registry.disabled, call)

        def note_event(event: AgentEvent) -> None:
            self.recorder.event(task, event)
            on_event(event)

        agent = self.phrase_agent if phrase else self.agent
        return agent.run(task, conversation, note_event, cancel)

    def rest(self, cancel: CancelToken) -> None:
        """Between tasks: summarise what will soon be too long, the newest conversation first."""
        for conversation in reversed(self.conversations.list()):
            if cancel.canceled:
                return
            if self.agent.compact_when_idle(conversation, cancel):
                self.conversations.keep_window(conversation)
                self.recorder.idle_compaction(conversation)

    def close(self) -> None:
        """Free the model, the archive, the skills' clients, the subscriptions and the record."""
        if self.memory_watch is not None:
            self.memory_watch.close()
        self.conversations.close()
        self.skills.close()
        self.facts.close()
        self.model.close()
        self.recorder.close()


LoadModel = Callable[[ModelParameters], ChatModel]


def assemble(
    node: Any,
    parameters: AgentParameters,
    observer: RequestObserver,
    resources: ResourceLocks,
    requests: OpenRequests,
    stop: StopLatch,
    load_model: LoadModel = load_model,
) -> ConfiguredAgent:
    """Load manifest, policy, skills and model: what is cheap to find wrong comes first.

    Args:
        node: whose executor runs the skills' callbacks.
        parameters: of the node.
        observer: told of each request's states.
        resources: who uses which part of the robot; they outlive this agent.
        requests: those that other nodes carry out.
        stop: while it holds, nothing moves; it outlives this agent too.
        load_model: loads the model the parameters name.

    Raises:
        NemotronAgentError: something cannot be used; nothing is left behind.
    """
    files = {
        'places': config_path(parameters.places_file, 'places.yaml'),
        'skills': config_path(parameters.skills_file, 'skills.yaml'),
        'system_prompt': config_path(parameters.system_prompt_file, 'system_prompt.txt'),
        'phrases': config_path(parameters.phrases_file, 'phrases.yaml'),
        'policy': config_path(parameters.policy_file, 'policy.yaml'),
        'stop_words': config_path(parameters.stop_words_file, 'stop_words.yaml'),
    }
    places = load_places(files['places'])
    manifest = load_manifest(files['skills'], places)
    prompt = _read_prompt(files['system_prompt'])
    limits = WaitLimits(
        server_sec=parameters.server_wait_sec, cancel_sec=parameters.cancel_wait_sec
    )
    inputs = {skill.id: complete_inputs(manifest, skill) for skill in manifest.skills}
    store = FactStore()
    policy = load_policy(files['policy'], manifest, store, inputs)
    resources.policy = policy.file.resources
    node_name = node.get_fully_qualified_name()
    with contextlib.ExitStack() as undo:
        recorder = open_record(node_name, parameters)
        undo.callback(recorder.log.close)
        facts = FactSubscriptions(node, policy.file.facts, store)
        undo.callback(facts.close)
        skills = load_skill_tools(node, manifest, places, limits, requests)
        undo.callback(skills.close)
        # Those shipped are for the shipped skills; another robot may have few of them.
        drop_unfit = not parameters.phrases_file
        specs = [tool.spec for tool in skills.tools]
        said = load_phrases(files['phrases'], specs, drop_unfit=drop_unfit)
        model_options = model_parameters(parameters)
        model = load_model(model_options)
        undo.callback(model.close)
        tools = [*skills.tools, *builtin_tools(model.reply_protocol)]
        gate = SafetyGate(
            policy,
            Confirmations(
                parameters.confirm_timeout_sec,
                by_another=parameters.confirm_by_another,
                on_answer=recorder.answer,
            ),
            resources,
            stop,
            record=recorder,
        )
        registry = ToolRegistry(tools, gate, _both(recorder, observer), policy.disabled_skills)
        agent_limits = AgentLimits(
            max_steps=parameters.max_steps,
            max_bad_calls=parameters.max_bad_calls,
            max_repeats=parameters.max_repeats,
            max_calls=parameters.max_calls,
            time_sec=parameters.task_timeout_sec,
        )
        window = WindowRules(
            keep_turns=parameters.keep_turns,
            compact_to=parameters.compact_to,
            summary_tokens=parameters.summary_tokens,
            max_result_characters=parameters.max_result_characters,
        )
        thinking = Thinking(parameters.thinking)
        model.prepare(Message('system', prompt), registry.specs, thinking is Thinking.ON)
        archive = open_archive(node_name, parameters)
        conversations = ConversationStore(parameters.max_conversations, archive)
        undo.callback(conversations.close)
        notes = _PROGRESS_NOTES[parameters.progress_notes]
        keep = conversations.keep_turn
        agent = Agent(model, registry, prompt, agent_limits, notes, keep, window)
        phrases = PhraseModel(said, model.reply_protocol, model.n_ctx)
        phrase_agent = Agent(phrases, registry, prompt, agent_limits, False, keep, window)
        recorder.log.start(heading(node_name, model_options, files, tools, agent, thinking))
        undo.pop_all()
        return ConfiguredAgent(
            model=model,
            skills=skills,
            facts=facts,
            registry=registry,
            gate=gate,
            recorder=recorder,
            agent=agent,
            phrases=phrases,
            phrase_agent=phrase_agent,
            conversations=conversations,
            thinking=thinking,
        )


def open_archive(node_name: str, parameters: AgentParameters) -> SqliteArchive | None:
    """Open the conversations on disk of a node, by its full name; None if none are to be kept."""
    if not (parameters.keep_conversations_days and parameters.conversations_mb):
        return None
    limits = ArchiveLimits(parameters.keep_conversations_days, parameters.conversations_mb * 10**6)
    return SqliteArchive(NodeFiles.of_node(node_name), limits)


def model_parameters(parameters: AgentParameters) -> ModelParameters:
    """The part of the node's parameters that is the model's."""
    names = [field.name for field in dataclasses.fields(ModelParameters)]
    return ModelParameters(**{name: getattr(parameters, name) for name in names})


def _both(first: RequestObserver, second: RequestObserver) -> RequestObserver:
    def observe(request: CallRequest, state: RequestState, text: str) -> None:
        first(request, state, text)
        second(request, state, text)

    return observe


def config_path(given: str, shipped: str) -> Path:
    """The file a parameter names, or the one shipped where that is empty."""
    return Path(given).expanduser() if given else config_file(shipped)


def _read_prompt(path: Path) -> str:
    try:
        return read_system_prompt(path)
    except ConfigurationError as error:
        raise ConfigurationError(f'parameter system_prompt_file: {error}') from error
