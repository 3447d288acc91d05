"""`nemotron-agent replay`: run recorded tasks again, without the robot."""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nemotron_agent.core.chat_model import ChatModel
    from nemotron_agent.evaluation.recorded_task import RecordedTask
    from nemotron_agent.evaluation.replay import Replay, ReplayedTask
    from nemotron_agent.llm.model_loading import ModelParameters

EXIT_DIFFERENT = 1
EPILOG = """\
examples:
  nemotron-agent replay                         all tasks of the record in the state folder
  nemotron-agent replay --task 3f2a             one of them, by the beginning of its id
  nemotron-agent replay RECORD --model smollm2-135m --json

The loop, the registry and the gate are the node's own; the model and its parameters are the
recorded ones, and so are skills, system prompt, verdicts and results: nothing moves. The same
model with the same seed makes the same calls, so a difference comes from another model or other
code.
Tasks and their ids: nemotron-agent audit show.

Exit status: 0 the same calls, 1 not, 2 a wrong call or an error.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser(
        'replay',
        help='run recorded tasks again without the robot, and compare the calls',
        description='Run recorded tasks again without the robot, and compare the calls: the same, '
        'with different arguments, missing, extra.',
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('record', nargs='?', type=Path, metavar='RECORD', help='folder or file')
    parser.add_argument('--task', default='', metavar='ID', help='one task; its beginning does')
    parser.add_argument('--model', default='', help='another model than the recorded one')
    parser.add_argument('--seed', type=int, metavar='N', help='another seed than the recorded one')
    parser.add_argument('--json', action='store_true', help='print a line of JSON for each task')
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run tasks again; return 1 if a call differs."""
    from nemotron_agent.cli.audit_records import one_record
    from nemotron_agent.evaluation.recorded_task import read_tasks

    models = _Models(args.model, args.seed)
    status = 0
    try:
        for task in read_tasks(one_record(args.record), args.task):
            replayed = models.replay_of(task).run(task)
            if args.json:
                print(json.dumps(_values(replayed)), flush=True)
            else:
                _show(replayed)
            status = status if replayed.is_same else EXIT_DIFFERENT
    finally:
        models.close()
    return status


class _Models:
    """Loads the models that tasks were run with, one at a time.

    Args:
        name: another model for all of them; empty is the recorded one.
        seed: another seed; None is the recorded one.
    """

    def __init__(self, name: str, seed: int | None) -> None:
        self._name = name
        self._seed = seed
        self._parameters: ModelParameters | None = None
        self._model: ChatModel | None = None
        self._replay: Replay | None = None

    def replay_of(self, task: 'RecordedTask') -> 'Replay':
        """Give the replay with a task's model, loaded anew if the one before was another."""
        from nemotron_agent.evaluation.replay import Replay
        from nemotron_agent.llm.model_loading import load_model

        parameters = self._parameters_of(task)
        if self._replay is None or parameters != self._parameters:
            self.close()
            _compare_files(task.agent.get('model', {}), parameters.model)
            self._parameters = parameters
            self._model = load_model(parameters)
            self._replay = Replay(self._model)
        return self._replay

    def close(self) -> None:
        """Free what is loaded."""
        model, self._model = self._model, None
        if model is not None:
            model.close()

    def _parameters_of(self, task: 'RecordedTask') -> 'ModelParameters':
        from nemotron_agent.core.errors import ConfigurationError
        from nemotron_agent.llm.model_loading import ModelParameters

        try:
            values = dict(task.agent['model']['parameters'])
            values['model'] = self._name or values['model']
            values['seed'] = values['seed'] if self._seed is None else self._seed
            return ModelParameters(**values)
        except (KeyError, TypeError) as error:
            raise ConfigurationError(
                f'the record does not say how the model of task {task.task.id} was loaded, or '
                'says it in the way of another version'
            ) from error


def _compare_files(recorded: Mapping[str, Any], name: str) -> None:
    from nemotron_agent.llm.model_identity import model_identity

    then, now = recorded.get('fingerprint'), model_identity(name).get('fingerprint')
    if then and now and then != now:
        print(
            f'nemotron-agent: {name} is not the file of then: other calls are no wonder',
            file=sys.stderr,
        )


def _values(replayed: 'ReplayedTask') -> dict[str, Any]:
    return {
        'task': replayed.recorded.task.id,
        'text': replayed.recorded.task.text,
        'same': replayed.is_same,
        'status_then': replayed.recorded.status,
        'status_now': replayed.result.status.name.lower(),
        'calls': [call.to_json() for call in replayed.calls],
    }


def _show(replayed: 'ReplayedTask') -> None:
    from rich.console import Console

    from nemotron_agent.cli.terminal_text import plain

    console = Console(highlight=False)
    task, result = replayed.recorded.task, replayed.result
    ended = f'{replayed.recorded.status or "not ended"} then, {result.status.name.lower()} now'
    console.print(plain(f'{task.id[:8]} "{task.text}": {ended}', 'bold'), soft_wrap=True)
    for call in replayed.calls:
        told = [
            f'{when} {each.name} {each.arguments_json}'
            for when, each in (('then', call.then), ('now', call.now))
            if each is not None
        ]
        same = call.then is not None and call.difference.value == 'same'
        text = told[0].removeprefix('then ') if same else ', '.join(told)
        style = '' if same else 'yellow'
        console.print(plain(f'  {call.difference.value}: {text}', style), soft_wrap=True)
