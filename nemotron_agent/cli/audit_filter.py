"""Chooses entries of a record."""

import argparse
import dataclasses
import datetime
import re
from collections.abc import Iterable, Iterator

from nemotron_agent.safety.audit_entry import AuditEntry

_AGO = re.compile(r'(\d+)([smhd])')
_SECONDS = {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}


def read_time(text: str) -> str:
    """Read a time of the command line: a date with or without a time, or how long ago it was.

    Returns:
        UTC, written as entries have it.

    Raises:
        argparse.ArgumentTypeError: it is neither.
    """
    ago = _AGO.fullmatch(text)
    if ago:
        seconds = int(ago[1]) * _SECONDS[ago[2]]
        time = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
    else:
        try:
            # Python 3.10 does not read the Z.
            time = datetime.datetime.fromisoformat(re.sub('Z$', '+00:00', text))
        except ValueError as error:
            raise argparse.ArgumentTypeError(
                f'"{text}" is no time: write 2026-01-31, 2026-01-31T12:00 (local time), '
                '2026-01-31T12:00Z, or 90m, 2h, 1d for how long ago'
            ) from error
    return time.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%fZ')


@dataclasses.dataclass(frozen=True)
class AuditFilter:
    """What entries must have; empty is anything.

    Attributes:
        task: beginning of a task's id.
        origin: who asked, or the road alone, such as `action`.
        skill: its name.
        since, until: time, as entries have it.
        denied: only what was refused: verdicts, and commands that were not taken.
    """

    task: str = ''
    origin: str = ''
    skill: str = ''
    since: str = ''
    until: str = ''
    denied: bool = False

    def choose(self, entries: Iterable[AuditEntry]) -> Iterator[AuditEntry]:
        """The entries that fit, in their order."""
        tasks: set[str] = set()
        requests: set[str] = set()
        for entry in entries:
            fields = entry.fields
            task, request = str(fields.get('task', '')), str(fields.get('request', ''))
            is_asked = self._is_origin(str(fields.get('origin', '')))
            if is_asked:
                # The states and calls that follow name their task or request alone.
                tasks |= {task} - {''}
                requests |= {request} - {''}
            is_asked = is_asked or task in tasks or request in requests
            if is_asked and self._fits(entry, task):
                yield entry

    def _is_origin(self, origin: str) -> bool:
        return origin.startswith(f'{self.origin}:') or self.origin in ('', origin)

    def _fits(self, entry: AuditEntry, task: str) -> bool:
        return (
            task.startswith(self.task)
            and self.skill in ('', entry.fields.get('skill'))
            and (not self.since or entry.time >= self.since)
            and (not self.until or entry.time <= self.until)
            and (not self.denied or _is_denied(entry))
        )


def _is_denied(entry: AuditEntry) -> bool:
    if entry.event == 'verdict':
        return entry.fields.get('verdict') == 'deny'
    return entry.event == 'refused'
