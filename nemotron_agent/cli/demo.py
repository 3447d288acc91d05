"""`nemotron-agent demo`: a simulated robot, an agent with a real model, and some commands."""

import argparse
import contextlib
import dataclasses
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from nemotron_agent.cli.child_process import ChildProcess
from nemotron_agent.cli.confirm_prompt import ConfirmPrompt
from nemotron_agent.cli.demo_steps import STEPS, Ended, Kind, Step
from nemotron_agent.cli.model_fetch import fetch_model
from nemotron_agent.cli.transcript import Transcript
from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.testing.domain_claim import claim_domain

if TYPE_CHECKING:
    from nemotron_agent.ros.task_client import SentTask, TaskClient
    from nemotron_agent.sim.robot_watch import RobotState, RobotWatch

DEFAULT_MODEL = 'qwen2.5-coder-1.5b'
START_TIMEOUT_SEC = 600.0
STATE_TIMEOUT_SEC = 20.0
DRIVE_OFF_TIMEOUT_SEC = 60.0
CANCEL_AFTER_M = 0.5
POLL_SEC = 0.2
EPILOG = """\
The robot and the agent run as processes of their own, in a ROS domain that only this machine
sees. At the end the robot's real state is compared with what was asked. The exit status is 0 if
every single-step command and the cancel agree; the harder ones are reported as they went.

examples:
  nemotron-agent demo
  nemotron-agent demo --model smollm2-135m     small and quick; expect it to fail its commands
  nemotron-agent demo --model ~/models/other.gguf --speed-up 5
"""


class DemoError(NemotronAgentError):
    """The demo could not be started."""


@dataclasses.dataclass(frozen=True)
class _Outcome:
    step: Step
    agrees: bool
    real: str
    duration_sec: float


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'demo',
        help='see a simulated robot obey a real model',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('--model', default=DEFAULT_MODEL, help='name or GGUF file (%(default)s)')
    parser.add_argument('--speed-up', type=float, default=2.0, help='of the robot (%(default)s)')
    parser.add_argument('--n-ctx', type=int, default=4096, help='context, tokens (%(default)s)')
    parser.add_argument('--domain', type=int, help='ROS domain (one that is free here)')
    parser.add_argument('--log-dir', type=Path, help='where the logs go (a temporary folder)')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run the demo; return the exit status."""
    console = Console(highlight=False)
    fetch_model(args.model)
    # Held until the demo has ended: no other demo, bench or test takes the domain meanwhile.
    domain, claim = (args.domain, None) if args.domain is not None else claim_domain()
    os.environ |= _isolation(domain)
    log_dir = args.log_dir or Path(tempfile.mkdtemp(prefix='nemotron_agent_demo_'))
    log_dir.mkdir(parents=True, exist_ok=True)
    console.print(f'logs of robot and agent: {log_dir}', style='dim', soft_wrap=True)
    with _robot_and_agent(args, log_dir) as children:
        from nemotron_agent.ros.task_client import TaskClient
        from nemotron_agent.sim.robot_watch import RobotWatch

        with TaskClient() as client:
            watch = RobotWatch(client.node)
            _wait_until_ready(client, watch, children, args.model, console)
            outcomes = _run_steps(STEPS, client, watch, children, console)
    if claim is not None:
        claim.close()
    _report(outcomes, args.model, console)
    failed = [
        outcome for outcome in outcomes if outcome.step.kind.is_required and not outcome.agrees
    ]
    return 1 if failed else 0


def _isolation(domain: int) -> dict[str, str]:
    """Environment that keeps the demo's ROS traffic on this machine and apart from others."""
    return {
        'ROS_DOMAIN_ID': str(domain),
        'ROS_LOCALHOST_ONLY': '1',
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
    }


@contextlib.contextmanager
def _robot_and_agent(args: argparse.Namespace, log_dir: Path) -> Iterator[list[ChildProcess]]:
    parameters = {
        'robot': [f'speed_up:={args.speed_up}'],
        # A demo does not go on where the last one ended.
        'agent': [f'model:={args.model}', f'n_ctx:={args.n_ctx}', 'keep_conversations_days:=0'],
    }
    modules = {'robot': 'nemotron_agent.sim.main', 'agent': 'nemotron_agent.ros.main'}
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                ChildProcess(
                    name,
                    module,
                    ['--ros-args', *(word for p in parameters[name] for word in ('-p', p))],
                    os.environ,
                    log_dir / f'{name}.log',
                )
            )
            for name, module in modules.items()
        ]


def _wait_until_ready(
    client: 'TaskClient',
    watch: 'RobotWatch',
    children: Sequence[ChildProcess],
    model: str,
    console: Console,
) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SEC
    started = time.monotonic()
    with console.status(f'the agent loads {model}'):
        while client.agent_state(1.0) != 'active':
            for child in children:
                child.check()
            if time.monotonic() > deadline:
                raise DemoError(
                    f'the agent was not active after {START_TIMEOUT_SEC:.0f} s; the end of its '
                    f'log {children[-1].log_path}:\n{children[-1].log_end()}'
                )
    if watch.wait_for(lambda state: True, STATE_TIMEOUT_SEC) is None:
        raise DemoError(f'the robot publishes no state; see {children[0].log_path}')
    console.print(f'ready after {time.monotonic() - started:.1f} s', style='dim')


def _run_steps(
    steps: Sequence[Step],
    client: 'TaskClient',
    watch: 'RobotWatch',
    children: Sequence[ChildProcess],
    console: Console,
) -> list[_Outcome]:
    from nemotron_agent_interfaces.action import ExecuteTask

    from nemotron_agent.ros.operator_client import OperatorClient

    transcript = Transcript(console, ExecuteTask.Feedback)
    prompt = ConfirmPrompt(
        OperatorClient(client),
        'operator',
        transcript,
        ExecuteTask.Feedback.CONFIRM,
        may_ask=sys.stdin.isatty(),
    )

    def on_feedback(feedback: Any) -> None:
        transcript.feedback(feedback)
        prompt.take(feedback)

    states = [watch.state]
    outcomes = []
    for step in steps:
        started = time.monotonic()
        transcript.begin(step.command)
        goal = ExecuteTask.Goal(task=step.command, conversation_id='demo', origin='operator')
        task = client.send(goal, on_feedback)
        if step.kind is Kind.CANCEL:
            transcript.note('cancel', _cancel_in_mid_drive(task, watch, states[-1]))
        while (result := task.wait(POLL_SEC)) is None:
            prompt.look()
            for child in children:
                child.check()
        transcript.end(result, ', canceled' if task.canceled else '')
        states.append(
            watch.wait_for_next(lambda state: not state.moving, STATE_TIMEOUT_SEC) or watch.state
        )
        ended = Ended(states, result, task.canceled)
        duration_sec = time.monotonic() - started
        outcomes.append(_Outcome(step, step.agrees(ended), _real(ended), duration_sec))
    return outcomes


def _cancel_in_mid_drive(task: 'SentTask', watch: 'RobotWatch', before: 'RobotState') -> str:
    """Cancel when the robot has driven off; say what was done."""
    deadline = time.monotonic() + DRIVE_OFF_TIMEOUT_SEC
    while task.wait(POLL_SEC / 10) is None and time.monotonic() < deadline:
        state = watch.state
        if math.hypot(state.x - before.x, state.y - before.y) > CANCEL_AFTER_M:
            task.cancel()
            return 'sent in mid-drive'
    task.cancel()
    return 'the robot never drove off'


def _real(ended: Ended) -> str:
    state = ended.after
    where = f'at {state.place}' if state.place else f'at ({state.x:.2f}, {state.y:.2f})'
    heading = f'{math.degrees(state.yaw):.0f} deg'
    held = f'holds {state.holding}' if state.holding else 'holds nothing'
    return f'{where}, {heading}, {held}, battery {state.battery:.0%}'


def _report(outcomes: Sequence[_Outcome], model: str, console: Console) -> None:
    console.print(f'\n[bold]What was asked and what the robot did, {model}[/]')
    for outcome in outcomes:
        step = outcome.step
        verdict = '[green]right[/]' if outcome.agrees else '[red]wrong[/]'
        required = '' if step.kind.is_required else ', not required'
        console.print(
            f'\n{verdict}  {step.command}  [dim]({step.kind.value}{required}, '
            f'{outcome.duration_sec:.1f} s)[/]\n'
            f'       asked: {step.expected}\n       robot: {outcome.real}'
        )
    right = sum(outcome.agrees for outcome in outcomes)
    missed = sum(not o.agrees for o in outcomes if o.step.kind.is_required)
    console.print(f'\n{right} of {len(outcomes)} right; {missed} of those required wrong')
