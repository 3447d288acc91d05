"""How fast a stop takes effect, and whether anything gets past it.

Robot, agent and client are three processes. In every moment at least one goal runs. The agent's
own log tells when a stop arrived, when the last cancel had left and when anything was sent; the
robot's, on the same clock as the client's, when it got the cancels.
"""

import collections
import contextlib
import random
import re
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.stop_client import (
    MOMENTS,
    QUEUE_SIZE,
    RobotLog,
    StopClient,
    Stopped,
)
from nemotron_agent.cli.benches.subject import Subject, Subjects
from nemotron_agent.cli.child_process import ChildProcess
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.testing.own_ros_domain import RosDomain

GOAL_MS = 50.0
SKILLS = ('navigate_to', 'grasp', 'look_around')
PROMPT = 'You control a robot by its skills.'
TASK_TIMEOUT_SEC = 3600.0
_LINE = re.compile(r'^\[\w+\] \[(?P<at>[\d.]+)\] \[nemotron_agent\]: (?P<text>.*)$')
_STOPPED = re.compile(r'stopped by .* calls cancelled in (?P<ms>[\d.]+) ms$')


def figures(subjects: Subjects, progress: Progress) -> Iterator[Figure]:
    """Stop the agent as often as the options say, with each model as often as with the others."""
    options = subjects.options
    models = subjects.timed()
    total: collections.Counter[str] = collections.Counter()
    latencies_ms: list[float] = []
    for number, subject in enumerate(models):
        stops = options.stops // len(models) + (number < options.stops % len(models))
        bench = StopBench(subject, subjects.folder)
        progress.step(f'stop, {subject.label}')
        bench.run(progress, stops, options.seed)
        latencies_ms += bench.latencies_ms
        total += bench.counts
        yield from bench.figures()
    yield Figure('stop.latency_p99_ms', _p99(latencies_ms), 'ms', goal=GOAL_MS)
    yield Figure('stop.published_after', total['published after'], 'messages', goal=0)
    yield Figure('stop.missed', total['missed'], 'goals, tasks, stops', goal=0)
    yield Figure('stop.stops', len(latencies_ms), 'stops')
    yield Figure('stop.seed', options.seed, '')


class StopBench:
    """The stops with one model.

    Attributes:
        latencies_ms: from the arrival in the node until every cancel had left, of each stop.
        counts: what was `missed` and `published after`, and the `goals` that were cancelled.
    """

    def __init__(self, subject: Subject, folder: Path) -> None:
        self.latencies_ms: list[float] = []
        self.counts: collections.Counter[str] = collections.Counter()
        self._subject = subject
        self._folder = folder / f'stop_{subject.label}'
        self._folder.mkdir()
        (self._folder / 'skills.yaml').write_text(_skills(), encoding='utf-8')
        (self._folder / 'prompt.txt').write_text(PROMPT, encoding='utf-8')
        self._stops: list[Stopped] = []

    def run(self, progress: Progress, stops: int, seed: int) -> None:
        """Stop so often; one seed draws the same moments again."""
        with contextlib.closing(RosDomain()) as domain:
            environment = {
                **domain.environment,
                'NEMOTRON_AGENT_STATE': str(self._folder),
                'PYTHONUNBUFFERED': '1',
            }
            robot = ChildProcess(
                'robot',
                'nemotron_agent.testing.stop_robot',
                [],
                environment,
                self._folder / 'robot.log',
            )
            agent = ChildProcess(
                'agent',
                'nemotron_agent.ros.main',
                self._arguments(),
                environment,
                self._folder / 'agent.log',
            )
            with robot, agent, contextlib.closing(RobotLog(robot.log_path)) as log:

                def check() -> None:
                    robot.check()
                    agent.check()

                with contextlib.closing(StopClient(domain, log, check)) as client:
                    client.wait_ready()
                    for number in range(stops):
                        rng = random.Random(f'{seed} {number}')
                        stopped = client.stop_at(MOMENTS[number % len(MOMENTS)], rng)
                        self._stops.append(stopped)
                        for missed in stopped.missed:
                            progress.note(f'stop {number}, {stopped.moment}: missed {missed}')
                        progress.count(number + 1, stops)
                    self._read_logs(log)

    def figures(self) -> Iterator[Figure]:
        """What was measured."""
        label = self._subject.label
        yield Figure(f'stop.latency_p99_ms.{label}', _p99(self.latencies_ms), 'ms', goal=GOAL_MS)
        yield Figure(f'stop.latency_median_ms.{label}', _median(self.latencies_ms), 'ms')
        for moment in MOMENTS:
            own = [
                latency
                for stop, latency in zip(self._stops, self.latencies_ms, strict=False)
                if stop.moment == moment
            ]
            yield Figure(f'stop.latency_max_ms.{label}.{moment}', max(own, default=0.0), 'ms')
        for name, times in (
            ('end_to_end', [stop.end_to_end_sec for stop in self._stops]),
            ('tasks_ended', [stop.tasks_ended_sec for stop in self._stops]),
        ):
            known_ms = [1e3 * sec for sec in times if sec is not None]
            yield Figure(f'stop.{name}_median_ms.{label}', _median(known_ms), 'ms')
            yield Figure(f'stop.{name}_p99_ms.{label}', _p99(known_ms), 'ms')
        yield Figure(f'stop.goals.{label}', self.counts['goals'], 'goals')

    def _read_logs(self, robot: RobotLog) -> None:
        """Take what agent and robot wrote: latencies, what was sent while stopped or unknown."""
        stopped, sent = False, 0
        latencies_ms: list[float] = []
        with (self._folder / 'agent.log').open(encoding='utf-8', errors='replace') as log:
            for line in filter(None, map(_LINE.match, log)):
                text = line['text']
                if found := _STOPPED.search(text):
                    latencies_ms.append(float(found['ms']))
                    stopped = True
                elif text.startswith('released; it was stopped'):
                    stopped = False
                elif text.endswith(': sent'):
                    sent += 1
                    self.counts['published after'] += stopped
        self.latencies_ms = latencies_ms[1:]  # the first was to see that the agent is ready
        told = collections.Counter(event['what'] for event in robot.read())
        unaccounted = max(0, told['goal'] + told['said'] - sent)
        self.counts['published after'] += told['velocity'] + unaccounted
        self.counts['missed'] = sum(len(stop.missed) for stop in self._stops)
        self.counts['missed'] += abs(len(self._stops) - len(self.latencies_ms))
        self.counts['goals'] = sum(stop.goals for stop in self._stops)

    def _arguments(self) -> list[str]:
        engine = self._subject.parameters
        parameters = {
            'model': engine.model_path,
            'n_ctx': min(engine.n_ctx, 8192),
            'snapshot_slots': engine.snapshot_slots,
            'reply_protocol': engine.reply_protocol,
            'tool_format': engine.tool_format,
            'skills_file': self._folder / 'skills.yaml',
            'system_prompt_file': self._folder / 'prompt.txt',
            'task_timeout_sec': TASK_TIMEOUT_SEC,
            'stop_velocity_topic': 'cmd_vel',
            'queue_size': QUEUE_SIZE,
            'doubt': '"off"',
        }
        return [
            '--ros-args',
            *('--log-level', 'nemotron_agent:=debug'),
            *(word for name, value in parameters.items() for word in ('-p', f'{name}:={value}')),
        ]


def _skills() -> str:
    """A manifest with a few of the shipped skills: what is read is not what is measured."""
    shipped = YamlDocument.load(config_file('skills.yaml')).data['skills']
    return yaml.safe_dump({'skills': [skill for skill in shipped if skill['id'] in SKILLS]})


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0


def _p99(values: Sequence[float]) -> float:
    """The 99th percentile by nearest rank: the least value that at most 1 % are above."""
    ordered = sorted(values)
    return ordered[-(len(ordered) // 100) - 1] if ordered else 0.0
