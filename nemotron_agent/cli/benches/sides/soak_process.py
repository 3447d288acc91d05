"""A process that gives an agent thousands of commands, and tells what came of them.

    python -m nemotron_agent.cli.benches.sides.soak_process JSON

The JSON is a `SoakOrder`. The output is an object with `done` turns now and then, and at the end
a `SoakReport`.
"""

import dataclasses
import itertools
import json
import random
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from nemotron_agent.cli.benches.shipped import COMMANDS, shipped_skills, system_message
from nemotron_agent.core.agent import Agent
from nemotron_agent.core.agent_events import AgentEvent
from nemotron_agent.core.builtin_tools import builtin_tools
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.chat_model import ChatRequest, ModelReply, ReplyProgress
from nemotron_agent.core.compacted import ContextCompacted
from nemotron_agent.core.context_window import WindowRules
from nemotron_agent.core.conversation_store import ConversationStore
from nemotron_agent.core.loop_guard import AgentLimits
from nemotron_agent.core.messages import Message
from nemotron_agent.core.task import Task, TaskStatus
from nemotron_agent.core.task_handle import TaskHandle
from nemotron_agent.core.task_queue import TaskQueue
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool import CallContext, Outcome, ToolResult, ToolSpec
from nemotron_agent.core.tool_registry import ToolRegistry
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_engine import LlamaEngine
from nemotron_agent.safety.gate import SafetyGate
from nemotron_agent.testing.open_policy import OpenPolicy

CONVERSATIONS = ('first', 'second', 'third')
SKILLS = ('navigate_to', 'grasp', 'look_around')
SWITCH_SHARE, CANCEL_SHARE, THINK_SHARE, REST_SHARE = 0.2, 0.15, 0.2, 0.3
TEACH_EVERY = 25
MOST_EVENTS_BEFORE_CANCEL = 60
RESULTS = (
    'It succeeded.',
    'It succeeded: the robot is done after 4.2 s, at x 1.20 m, y 0.43 m.\n' + 'seen: a cup\n' * 12,
    'It succeeded.\n' + 'scan: 0.52 0.53 0.55 0.57 0.61\n' * 200,
)
REPORT_EVERY = 20
TASK_TIMEOUT_SEC = 600.0


@dataclasses.dataclass(frozen=True)
class SoakOrder:
    """What to do.

    Attributes:
        path: the model; the rest up to `may_answer` are `EngineParameters`.
        may_answer: whether it may answer and decline; one without trained weights would never end
            its sentence.
        turns: how many commands to give.
        seed: of conversations, commands, cancels and results.
    """

    path: str
    n_ctx: int
    n_threads: int
    snapshot_slots: int
    reply_protocol: str
    tool_format: str
    may_answer: bool
    turns: int
    seed: int


@dataclasses.dataclass
class SoakReport:
    """What came of it.

    Attributes:
        rss_bytes: memory of the process after each turn.
        turns_over_window: turns with a prompt longer than the window, or refused for that.
        parted_calls: calls that were shown without their results, and results without a call.
        kept_turns: turns that are, or were, part of a conversation.
        read_tokens: tokens of prompts that were evaluated.
    """

    rss_bytes: list[int] = dataclasses.field(default_factory=list)
    turns_over_window: int = 0
    parted_calls: int = 0
    kept_turns: int = 0
    canceled_turns: int = 0
    compactions: int = 0
    summaries: int = 0
    read_tokens: int = 0
    duration_sec: float = 0.0


class WatchedEngine(LlamaEngine):
    """The engine, with a look at each request.

    Attributes:
        over_window: replies to prompts longer than the window.
        parted_calls: as in `SoakReport`.
        read_tokens: tokens evaluated of prompts.
    """

    over_window = 0
    parted_calls = 0
    read_tokens = 0

    def reply(
        self,
        request: ChatRequest,
        on_progress: Callable[[ReplyProgress], None],
        cancel: CancelToken,
    ) -> ModelReply:
        """Reply, and look."""
        self.parted_calls += parted_calls(request.messages, request.tools)
        reply = super().reply(request, on_progress, cancel)
        usage = reply.usage
        self.over_window += usage.prompt_tokens + usage.generated_tokens > self.n_ctx
        self.read_tokens += usage.new_tokens
        return reply


class SoakTool:
    """A skill whose results are short, long, very long, or a failure."""

    datatype = 'bench/action/Soak'
    interface_path = '/soak'
    resources: tuple[str, ...] = ()

    def __init__(self, spec: ToolSpec, rng: random.Random) -> None:
        self.spec = spec
        self._rng = rng

    def run(self, arguments: Mapping[str, Any], context: CallContext) -> ToolResult:
        """Give some result."""
        if context.cancel.canceled:
            return ToolResult(Outcome.CANCELED, 'It was canceled.')
        if self._rng.random() < 0.1:
            return ToolResult(Outcome.ABORTED, 'The way is blocked.')
        return ToolResult(Outcome.SUCCEEDED, self._rng.choice(RESULTS))


class Soak:
    """The agent, and what is noted of it."""

    def __init__(self, order: SoakOrder) -> None:
        self.report = SoakReport()
        self._order = order
        self._rng = random.Random(order.seed)
        self._process = psutil.Process()
        self._engine = WatchedEngine(
            EngineParameters(
                Path(order.path),
                n_ctx=order.n_ctx,
                n_threads=order.n_threads,
                snapshot_slots=order.snapshot_slots,
                reply_protocol=order.reply_protocol,
                tool_format=order.tool_format,
                temperature=1.0,
                call_temperature=1.0,
                max_reply_tokens=96,
                max_thinking_tokens=32,
            )
        )
        specs = [spec for spec in shipped_skills() if spec.name in SKILLS]
        tools = [SoakTool(spec, self._rng) for spec in specs]
        builtins = builtin_tools(self._engine.reply_protocol) if order.may_answer else ()
        registry = ToolRegistry([*tools, *builtins], SafetyGate(OpenPolicy()))
        self._store = ConversationStore(len(CONVERSATIONS))
        self._agent = Agent(
            self._engine,
            registry,
            system_message().content,
            AgentLimits(max_steps=2),
            window_rules=WindowRules(keep_turns=2, summary_tokens=48, max_result_characters=300),
        )
        self._rested = threading.Event()
        self._queue = TaskQueue(
            self._run_task,
            capacity=1,
            workers=1,
            default_timeout_sec=TASK_TIMEOUT_SEC,
            when_idle=self._rest,
        )

    def run(self) -> SoakReport:
        """Give all commands."""
        started = time.monotonic()
        conversation = CONVERSATIONS[0]
        commands = itertools.cycle(COMMANDS)
        for number in range(self._order.turns):
            if self._rng.random() < SWITCH_SHARE:
                conversation = self._rng.choice(CONVERSATIONS)
            command = next(commands)
            if number % TEACH_EVERY == 0:
                command = f'Remember that box {number} is in the kitchen.'
            self._give(conversation, command)
            self.report.rss_bytes.append(self._process.memory_info().rss)
            if (number + 1) % REPORT_EVERY == 0:
                print(json.dumps({'done': number + 1}), flush=True)
        self._queue.close(TASK_TIMEOUT_SEC)
        self.report.duration_sec = time.monotonic() - started
        self.report.parted_calls = self._engine.parted_calls
        self.report.read_tokens = self._engine.read_tokens
        self._engine.close()
        return self.report

    def _give(self, conversation: str, command: str) -> None:
        thinking = Thinking.ON if self._rng.random() < THINK_SHARE else Thinking.OFF
        task = Task(command, conversation, 'bench', thinking=thinking)
        over_window = self._engine.over_window
        watch = _Watch(self.report)
        if self._rng.random() < CANCEL_SHARE:
            watch.events_before_cancel = self._rng.randrange(MOST_EVENTS_BEFORE_CANCEL)
        handle = watch.handle = self._queue.submit(task, watch)
        status = handle.join().status
        watch.handle = None
        refused = status is TaskStatus.CONTEXT_FULL
        self.report.turns_over_window += refused or self._engine.over_window > over_window
        self.report.canceled_turns += status is TaskStatus.CANCELED
        if self._rng.random() < REST_SHARE:
            self._rested.wait(TASK_TIMEOUT_SEC)

    def _run_task(
        self, task: Task, on_event: Callable[[AgentEvent], None], cancel: CancelToken
    ) -> Any:
        self._rested.clear()
        conversation = self._store.get(task.conversation_id)
        before = len(conversation.turns) + conversation.left_out.turns
        result = self._agent.run(task, conversation, on_event, cancel)
        after = len(conversation.turns) + conversation.left_out.turns
        self.report.kept_turns += after - before
        return result

    def _rest(self, cancel: CancelToken) -> None:
        try:
            for conversation in self._store.list():
                self.report.summaries += self._agent.compact_when_idle(conversation, cancel)
        finally:
            self._rested.set()


class _Watch:
    """Counts a task's compactions, and cancels it after so many events."""

    def __init__(self, report: SoakReport) -> None:
        self.handle: TaskHandle | None = None
        self.events_before_cancel: int | None = None
        self._report = report
        self._events = 0

    def __call__(self, event: AgentEvent) -> None:
        self._events += 1
        self._report.compactions += isinstance(event, ContextCompacted)
        after = self.events_before_cancel
        if self.handle is not None and after is not None and self._events > after:
            self.handle.cancel.cancel()


def parted_calls(messages: Sequence[Message], tools: Sequence[ToolSpec]) -> int:
    """Calls that no result follows, though theirs have one, and results that follow no call."""
    endings = {tool.name for tool in tools if tool.ends_task}
    parted = 0
    for message, following in itertools.pairwise([*messages, Message('user', '')]):
        call = message.tool_call
        expected = '' if call is None or call.name in endings else call.name
        answered = following.tool_name if following.role == 'tool' else ''
        parted += expected != answered
    return parted


def main() -> None:
    """Do it."""
    order = SoakOrder(**json.loads(sys.argv[1]))
    print(json.dumps(dataclasses.asdict(Soak(order).run())), flush=True)


if __name__ == '__main__':
    main()
