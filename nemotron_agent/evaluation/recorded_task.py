"""A task as the record has it: enough to run it again without the robot."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_json import conversation_from_json
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.gate import Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.task import Task
from nemotron_agent.core.thinking import Thinking
from nemotron_agent.core.tool import Outcome, ToolResult
from nemotron_agent.safety.audit_entry import AuditEntry
from nemotron_agent.safety.audit_reader import read_entries


@dataclasses.dataclass(frozen=True)
class RecordedCall:
    """A call of a task.

    Attributes:
        request: id of the request it became; empty if it never reached the gate.
        rule, run_with: of the gate's verdict.
        result: what the skill gave.
    """

    request: str
    call: ToolCall
    verdict: Verdict
    reason: str
    rule: str
    run_with: Mapping[str, Any]
    result: ToolResult


@dataclasses.dataclass(frozen=True)
class RecordedTask:
    """A task.

    Attributes:
        agent: what the head of the record says of the agent that ran it.
        task: as it was given; its thinking is settled.
        conversation: what it held when the task began.
        disabled: skills that could not be called when it began, and what they wanted.
        phrase: `skill` and `arguments` that took the place of the model; None if none did.
        calls: in order, those of built-in tools too.
        status: how it ended; empty if the record does not tell.
    """

    agent: Mapping[str, Any]
    task: Task
    conversation: Mapping[str, Any]
    disabled: Mapping[str, str]
    phrase: Mapping[str, Any] | None
    calls: tuple[RecordedCall, ...]
    status: str

    def new_conversation(self) -> Conversation:
        """Make the conversation as it was.

        Raises:
            ConfigurationError: it was too long for the record.
        """
        try:
            return conversation_from_json(self.task.conversation_id, self.conversation)
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f'task {self.task.id} cannot be run again: its conversation is not in the record'
            ) from error


def read_tasks(record: Path, id_begins: str = '') -> list[RecordedTask]:
    """Read the tasks of a record that began to run.

    Args:
        record: its folder, or one file of it.
        id_begins: beginning of a task's id; empty is any.

    Raises:
        ConfigurationError: there is no such task, or no record.
    """
    reading = _Reading()
    for entry in read_entries(record):
        reading.take(entry)
    tasks = [task for task in reading.tasks() if task.task.id.startswith(id_begins)]
    if not tasks:
        which = f' whose id begins with "{id_begins}"' if id_begins else ''
        raise ConfigurationError(
            f'{record} has no task{which} that began to run: see `nemotron-agent audit show`'
        )
    return tasks


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self._agent: Mapping[str, Any] = {}
        self._begun: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        self._calls: dict[str, list[Mapping[str, Any]]] = {}
        self._verdicts: dict[str, Mapping[str, Any]] = {}
        self._statuses: dict[str, str] = {}

    def take(self, entry: AuditEntry) -> None:
        fields = entry.fields
        if entry.event in ('begin', 'start') and 'tools' in fields:
            self._agent = fields
        elif entry.event == 'task':
            self._begun[fields['task']] = (self._agent, fields)
        elif entry.event == 'call':
            self._calls.setdefault(fields['task'], []).append(fields)
        elif entry.event == 'verdict':
            self._verdicts[fields['request']] = fields
        elif entry.event == 'task_end':
            self._statuses[fields['task']] = fields['status']

    def tasks(self) -> list[RecordedTask]:
        return [
            RecordedTask(
                agent,
                _task(fields),
                fields['window'],
                dict(fields.get('disabled') or {}),
                fields.get('phrase'),
                tuple(self._call(call) for call in self._calls.get(id, ())),
                self._statuses.get(id, ''),
            )
            for id, (agent, fields) in self._begun.items()
        ]

    def _call(self, fields: Mapping[str, Any]) -> RecordedCall:
        request = fields['request']
        verdict = self._verdicts.get(request, {})
        # The registry puts what was clamped before the skill's own words.
        text = fields['text'].removeprefix(f'{fields["reason"]}. ')
        return RecordedCall(
            request,
            ToolCall(request, fields['skill'], fields['arguments']),
            Verdict[fields['verdict'].upper()],
            fields['reason'],
            verdict.get('rule', ''),
            verdict.get('run_with', fields['arguments']),
            ToolResult(Outcome(fields['outcome']), text),
        )


def _task(fields: Mapping[str, Any]) -> Task:
    return Task(
        text=fields['text'],
        conversation_id=fields['conversation'],
        origin=fields['origin'],
        priority=fields['priority'],
        thinking=Thinking(fields['thinking']),
        timeout_sec=fields['timeout_sec'],
        id=fields['task'],
    )
