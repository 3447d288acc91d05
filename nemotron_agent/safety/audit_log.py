"""The record: what was ordered, what was decided, and what the robot was made to do."""

import collections
import dataclasses
import logging
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.safety.audit_entry import recordable
from nemotron_agent.safety.audit_writer import AuditLimits, AuditWriter
from nemotron_agent.safety.utc_time import utc_now

logger = logging.getLogger(__name__)

WRITE_TIMEOUT_SEC = 5.0
RETRY_SEC = 1.0
CLOSE_TIMEOUT_SEC = 5.0
MAX_PENDING = 10_000


class AuditError(NemotronAgentError):
    """An entry is not in the record."""


@dataclasses.dataclass
class _Pending:
    """An entry on its way; `done` is there where somebody waits until it is on disk."""

    event: str
    fields: Mapping[str, Any]
    time: str
    done: threading.Event | None = None
    written: bool = False
    abandoned: bool = False
    problem: str = ''


class AuditLog:
    """Writes entries in the order they are noted, in a thread of its own ("record").

    `note` never waits for the disk; `write` waits until the entry is on it. While the disk
    refuses, notes are kept and written later, and every `write` fails at once.

    Making one takes the folder, `start` begins to write.

    Args:
        folder: of the record; made where it is missing.
        limits: how much is kept on disk.

    Raises:
        ConfigurationError: another node writes the record.
    """

    def __init__(self, folder: Path, limits: AuditLimits | None = None) -> None:
        self.folder = folder
        self._writer = AuditWriter(folder, limits)
        self._changed = threading.Condition()
        self._pending: collections.deque[_Pending] = collections.deque()
        self._lost = 0
        self._problem = ''
        self._closing = False
        self._thread: threading.Thread | None = None
        try:
            self._writer.lock()
        except OSError as error:
            self._fail(error)

    def start(self, heading: Mapping[str, Any]) -> None:
        """Write an entry `start`; it and the first line of each file say `heading`."""
        self._writer.heading = recordable(heading)
        self.note('start', **heading)
        self._thread = threading.Thread(target=self._work, name='record', daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why entries cannot be written now; empty if they can."""
        return self._problem

    def note(self, event: str, **fields: Any) -> None:
        """Have an entry written soon; returns at once."""
        entry = _Pending(event, recordable(fields), utc_now())
        with self._changed:
            if len(self._pending) >= MAX_PENDING:
                self._lost += 1
                return
            self._pending.append(entry)
            self._changed.notify_all()

    def write(self, event: str, cancel: CancelToken | None = None, **fields: Any) -> None:
        """Write an entry, and all that were noted before; wait until it is on disk.

        Raises:
            AuditError: it is not, or that was not seen in time or before the cancel.
        """
        done = threading.Event()
        entry = _Pending(event, recordable(fields), utc_now(), done)
        with self._changed:
            if self._closing:
                raise AuditError('the record is closed')
            self._pending.append(entry)
            self._changed.notify_all()
        undo = cancel.on_cancel(done.set) if cancel else lambda: None
        try:
            in_time = done.wait(WRITE_TIMEOUT_SEC)
        finally:
            undo()
        with self._changed:
            if entry.written:
                return
            entry.abandoned = True
        if cancel is not None and cancel.canceled:
            raise AuditError('it was cancelled before it was in the record')
        if in_time:
            raise AuditError(entry.problem)
        raise AuditError(
            f'the disk of the record ({self.folder}) does not answer in {WRITE_TIMEOUT_SEC:.0f} s'
        )

    def close(self) -> None:
        """Write what is noted, as far as the disk lets, and let go; may be called twice."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is None:
            self._writer.close()
            return
        self._thread.join(CLOSE_TIMEOUT_SEC)
        if self._thread.is_alive():
            logger.error('the disk of the record (%s) does not answer', self.folder)

    def _work(self) -> None:
        while (entry := self._next()) is not None:
            self._write(entry)
        self._writer.close()

    def _next(self) -> _Pending | None:
        """Wait for the next entry to write; None when closed."""
        with self._changed:
            while True:
                if self._problem and not any(entry.done for entry in self._pending):
                    self._changed.wait(RETRY_SEC if not self._closing else 0.0)
                elif not self._pending and not self._closing:
                    self._changed.wait()
                if self._pending:
                    return self._pending.popleft()
                if self._closing:
                    return None

    def _write(self, entry: _Pending) -> None:
        with self._changed:
            if entry.abandoned:
                return
            lost, self._lost = self._lost, 0
        try:
            if lost:
                self._writer.append('lost', {'entries': lost}, utc_now())
                lost = 0
            self._writer.append(entry.event, entry.fields, entry.time, entry.done is not None)
        except Exception as error:  # without this thread every request would wait in vain
            self._put_off(entry, lost, error)
            return
        with self._changed:
            entry.written = True
            if self._problem:
                logger.warning('the record is written again: %s', self.folder)
                self._problem = ''
        if entry.done is not None:
            entry.done.set()

    def _put_off(self, entry: _Pending, lost: int, error: Exception) -> None:
        """Keep notes for later; let those know who wait."""
        with self._changed:
            self._fail(error)
            self._lost += lost
            waiting = [e for e in (entry, *self._pending) if e.done is not None]
            notes = [e for e in (entry, *self._pending) if e.done is None]
            if self._closing:
                self._lost += len(notes)
                logger.error('%d entries are not in the record: %s', self._lost, self._problem)
                notes = []
            self._pending = collections.deque(notes)
        for each in waiting:
            assert each.done is not None
            each.problem = self._problem
            each.done.set()

    def _fail(self, error: Exception) -> None:
        text = getattr(error, 'strerror', None) or str(error)
        problem = f'the record in {self.folder} cannot be written: {text}'
        if problem != self._problem:
            logger.error('%s', problem)
        self._problem = problem
