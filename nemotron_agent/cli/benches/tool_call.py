"""What a tool call costs once the prompt is read: decode calls for its tokens, and time."""

import contextlib
import dataclasses
import statistics
from collections.abc import Iterator, Sequence

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.shipped import (
    COMMANDS,
    named_tools,
    shipped_tools,
    system_message,
)
from nemotron_agent.cli.benches.sides.server import quicker_server, server_is_here
from nemotron_agent.cli.benches.sides.spelled_calls import (
    OurSpelling,
    ServerSpelling,
    SpelledCall,
    Speller,
)
from nemotron_agent.cli.benches.subject import Subject, Subjects
from nemotron_agent.core.chat_model import ChatRequest
from nemotron_agent.core.messages import Message
from nemotron_agent.core.tool import ToolSpec
from nemotron_agent.llm.llama_context import LlamaModel
from nemotron_agent.llm.llama_worker import LlamaWorker

FORMATS = ('nemotron', 'hermes')
# What a model without trained weights may call, in turn. It has to choose among several, as one
# with trained weights does, and arguments are listed, so that both sides write the same.
UNTRAINED = (
    ('navigate_to', 'set_light'),
    ('grasp', 'look_around'),
    ('navigate_to', 'grasp', 'look_around', 'set_light', 'check_battery'),
)
TIMED_COMMANDS = 8
ROUNDS = 3
FREE_TOKENS = 32


@dataclasses.dataclass(frozen=True)
class Case:
    """A prompt, and the tools that may be called after it."""

    prompt: list[int]
    tools: tuple[ToolSpec, ...]


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Count calls in both formats, then time them beside the server."""
    for tool_format in FORMATS:
        progress.step(f'tool-call, {tool_format}')
        yield from decode_calls(subjects.real(), tool_format, progress, COMMANDS)
    if server_is_here():
        for subject in subjects.timed():
            progress.step(f'tool-call, {subject.label}, beside the server')
            yield from beside_server(subject, progress)


def decode_calls(
    subject: Subject, tool_format: str, progress: Progress, commands: Sequence[str]
) -> Iterator[Figure]:
    """Decode calls for each token of the first call after each command."""
    parameters = dataclasses.replace(subject.parameters, tool_format=tool_format)
    tools = shipped_tools()
    with (
        contextlib.closing(LlamaWorker(parameters)) as worker,
        _speller(subject, worker) as speller,
    ):
        ours = OurSpelling(worker)
        worker.prepare(system_message(), tools)
        written: list[SpelledCall] = []
        for number, command in enumerate(commands):
            progress.count(number, len(commands))
            written.append(ours.call(_prompt(speller, command, tools), tools))
    of_skills = [call for call in written if not _is_spoken(call, tools)]
    name = f'tool_call.decode_calls_per_token.{tool_format}'
    yield Figure(name, _calls_per_token(of_skills), 'calls/token', goal=0.5)
    yield Figure(f'{name}.with_answers', _calls_per_token(written), 'calls/token')
    yield Figure(f'tool_call.skill_calls.{tool_format}', len(of_skills), 'calls')


def beside_server(subject: Subject, progress: Progress, rounds: int = ROUNDS) -> Iterator[Figure]:
    """Seconds from the end of the prompt to the call, ours for the server's."""
    parameters = subject.parameters
    pairs: list[tuple[SpelledCall, SpelledCall]] = []
    with contextlib.ExitStack() as stack:
        worker = stack.enter_context(contextlib.closing(LlamaWorker(parameters)))
        speller = stack.enter_context(_speller(subject, worker))
        process = quicker_server(subject.path, parameters.n_ctx, parameters.threads)
        stack.enter_context(contextlib.closing(process))
        ours, theirs = OurSpelling(worker), ServerSpelling(process, speller)
        shown = shipped_tools() if subject.is_trained else named_tools(UNTRAINED[-1])
        worker.prepare(system_message(), shown)
        cases = _cases(subject, speller, shown)
        for number, case in enumerate(cases):
            progress.count(number, len(cases))
            theirs.call(case.prompt, case.tools)  # the prompt is read, the weights are there
            ours.call(case.prompt, case.tools)
            for round_number in range(rounds):
                pairs.append(_pair(ours, theirs, case, ours_first=round_number % 2 == 0))
        free_sec = process.free_token_sec(cases[0].prompt, FREE_TOKENS)
    label = subject.label
    ratios = [our.duration_sec / their.duration_sec for our, their in pairs]
    name = f'tool_call.wall_vs_server.{label}'
    yield Figure(name, statistics.median(ratios), 'ours/server', goal=0.8)
    for side, calls in zip(('ours', 'server'), zip(*pairs, strict=True), strict=True):
        duration_sec = statistics.median(call.duration_sec for call in calls)
        yield Figure(f'tool_call.wall.{side}.{label}', duration_sec, 's')
        decodes = statistics.mean(call.decode_calls for call in calls)
        yield Figure(f'tool_call.decode_calls.{side}.{label}', decodes, 'calls')
        n_tokens = statistics.mean(call.n_tokens for call in calls)
        yield Figure(f'tool_call.tokens.{side}.{label}', n_tokens, 'tokens')
    same = [our.call.is_same_as(their.call) for our, their in pairs]
    yield Figure(f'tool_call.same_as_server.{label}', statistics.mean(same), 'share')
    yield Figure(f'tool_call.free_token.server.{label}', free_sec, 's')
    yield Figure(f'tool_call.server_sleeps.{label}', float(process.sleeps), '0 or 1')


def _pair(
    ours: OurSpelling, theirs: ServerSpelling, case: Case, *, ours_first: bool
) -> tuple[SpelledCall, SpelledCall]:
    if ours_first:
        our_call = ours.call(case.prompt, case.tools)
        return our_call, theirs.call(case.prompt, case.tools)
    their_call = theirs.call(case.prompt, case.tools)
    return ours.call(case.prompt, case.tools), their_call


def _cases(subject: Subject, speller: Speller, shown: tuple[ToolSpec, ...]) -> list[Case]:
    """Commands with all tools; one command with some tools where weights mean nothing."""
    if subject.is_trained:
        return [Case(_prompt(speller, text, shown), shown) for text in COMMANDS[:TIMED_COMMANDS]]
    prompt = _prompt(speller, COMMANDS[0], shown)
    return [Case(prompt, named_tools(names)) for names in UNTRAINED]


@contextlib.contextmanager
def _speller(subject: Subject, worker: LlamaWorker) -> Iterator[Speller]:
    with contextlib.closing(LlamaModel(subject.path, vocabulary_only=True)) as model:
        yield Speller(worker, model)


def _prompt(speller: Speller, command: str, tools: tuple[ToolSpec, ...]) -> list[int]:
    messages = (system_message(), Message('user', command))
    return speller.prompt(ChatRequest('bench', messages, tools))


def _is_spoken(call: SpelledCall, tools: Sequence[ToolSpec]) -> bool:
    return any(tool.name == call.call.name and tool.spoken_parameter for tool in tools)


def _calls_per_token(calls: Sequence[SpelledCall]) -> float:
    return sum(call.decode_calls for call in calls) / max(sum(c.n_tokens for c in calls), 1)
