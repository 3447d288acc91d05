"""Checks that nothing of a record was changed, removed or added."""

import dataclasses
from pathlib import Path

from nemotron_agent.safety.audit_entry import FORMAT, NO_HASH, AuditEntry
from nemotron_agent.safety.audit_folder import AuditFolder, Head
from nemotron_agent.safety.audit_reader import AuditLine, read_lines, record_files

TORN = '; a crash leaves that at the end, and the next start of the node repairs it'
NOT_A_BEGINNING = 'it is not how this file begins'


@dataclasses.dataclass(frozen=True)
class Break:
    """The first place where a record is not as it was written; line 0 is a file as a whole."""

    path: Path
    line: int
    reason: str

    def __str__(self) -> str:
        where = f'{self.path}:{self.line}' if self.line else f'{self.path}'
        return f'{where}: {self.reason}'


@dataclasses.dataclass
class CheckedRecord:
    """What a check found.

    Attributes:
        record: folder or file.
        files: how many were read.
        entries: how many are whole and in their place.
        last: the last of them.
        remarks: what the record itself tells of gaps: repairs, files rotated away.
        broken: where it is not as it was written; None if it is.
    """

    record: Path
    files: int = 0
    entries: int = 0
    last: AuditEntry | None = None
    remarks: list[str] = dataclasses.field(default_factory=list)
    broken: Break | None = None


def check_record(record: Path, noted: str = '') -> CheckedRecord:
    """Check a record, its folder or one file of it.

    Args:
        record: what to check.
        noted: hash of an entry, noted down earlier: the entry must still be there.

    Raises:
        ConfigurationError: there is no record, or it cannot be read.
    """
    folder = AuditFolder(record) if record.is_dir() else None
    # Before the entries: a node that is writing puts its head after them.
    head = folder.read_head() if folder else b''
    check = _Check(record, noted, Head.decoded(head))
    found = check.found
    paths = record_files(record)
    for path in paths:
        check.file(path, last_file=path == paths[-1])
        if found.broken:
            return found
    if folder:
        found.broken = check.missing_files(folder, paths) or check.end(folder, head)
    if noted and not check.noted_seen and not found.broken:
        found.broken = Break(record, 0, f'no entry has the noted hash {noted}')
    return found


class _Check:
    """A check on its way through the lines."""

    def __init__(self, record: Path, noted: str, head: Head | None) -> None:
        self.found = CheckedRecord(record)
        self.noted_seen = False
        self._noted = noted
        self._head = head
        self._head_seen = False
        self._oldest_file = 0

    def file(self, path: Path, last_file: bool) -> None:
        """Check one file; stops at its first break."""
        self.found.files += 1
        lines = read_lines(path)
        line = None
        for line in lines:
            reason = line.problem or self._problem(line)
            if reason:
                at_end = line.problem and last_file and next(lines, None) is None
                self.found.broken = Break(path, line.number, reason + (TORN if at_end else ''))
                return
            assert line.entry is not None
            self._take(line.entry, path)
        if line is None:
            self.found.broken = Break(path, 0, f'it is empty{TORN}')

    def missing_files(self, folder: AuditFolder, paths: list[Path]) -> Break | None:
        """Tell of a file that should be there."""
        oldest = folder.file(self._oldest_file)
        if paths[0] > oldest:
            return Break(oldest, 0, 'it is missing')
        if self._oldest_file > 1:
            self.found.remarks.append(
                f'the record begins with {paths[0].name}: what was before has been rotated away'
            )
        return None

    def end(self, folder: AuditFolder, head: bytes) -> Break | None:
        """Compare the last entry with what `head.json` says."""
        if not head:
            return Break(folder.head, 0, 'it is missing')
        if self._head is None:
            return Break(folder.head, 0, 'it is not as it was written')
        assert self.found.last is not None
        missing = self._head.sequence - self.found.last.sequence
        if missing > 0:
            path = record_files(folder.path)[-1]
            return Break(path, 0, f'its last entries are missing: {missing} of them')
        if not self._head_seen:
            return Break(folder.head, 0, 'it names an entry that the record does not have')
        return None

    def _problem(self, line: AuditLine) -> str:
        """Say why an entry is not the next one; empty if it is."""
        entry, last = line.entry, self.found.last
        assert entry is not None
        if last is None:
            return self._problem_of_first(entry)
        if entry.sequence > last.sequence + 1:
            return f'{entry.sequence - last.sequence - 1} entries are missing before it'
        if entry.sequence <= last.sequence:
            return 'it is out of its place: entries are swapped, or this one was put in'
        if entry.previous != last.hash:
            return 'it does not follow the entry before it, which was replaced'
        if line.number == 1 and not _begins(entry, line.path):
            return NOT_A_BEGINNING
        if line.number > 1 and entry.event == 'begin':
            return 'a file does not begin in its middle'
        return ''

    def _problem_of_first(self, entry: AuditEntry) -> str:
        if entry.event != 'begin':
            return 'the beginning of the file is missing'
        if entry.fields.get('format') != FORMAT:
            return f'format {entry.fields.get("format")} is not known here, only {FORMAT}'
        if entry.sequence == 0 and entry.previous != NO_HASH:
            return 'it names an entry before the first'
        return '' if _is_numbered(entry) else NOT_A_BEGINNING

    def _take(self, entry: AuditEntry, path: Path) -> None:
        self.found.last = entry
        self.found.entries += 1
        self.noted_seen |= entry.hash == self._noted
        self._head_seen |= self._head == Head.of(entry)
        if entry.event == 'begin':
            self._oldest_file = entry.fields['oldest_file']
        if entry.event in ('repaired', 'lost'):
            told = ', '.join(f'{name} {value}' for name, value in sorted(entry.fields.items()))
            self.found.remarks.append(f'{path.name}: {entry.time}: {entry.event}: {told}')


def _begins(entry: AuditEntry, path: Path) -> bool:
    if entry.event != 'begin' or not _is_numbered(entry):
        return False
    return AuditFolder(path.parent).file(entry.fields['file']) == path


def _is_numbered(entry: AuditEntry) -> bool:
    """Whether the first entry of a file tells the number of the file, and of the oldest."""
    return all(isinstance(entry.fields.get(key), int) for key in ('file', 'oldest_file'))
