import logging
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading

import pytest

from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.safety.audit_check import check_record
from nemotron_agent.safety.audit_folder import AuditFolder
from nemotron_agent.safety.audit_log import MAX_PENDING, AuditError, AuditLog
from nemotron_agent.safety.audit_reader import read_entries
from nemotron_agent.safety.audit_tail import END_BYTES
from nemotron_agent.safety.audit_writer import AuditLimits
from nemotron_agent.testing.condition import wait_for

from .written_record import HEADING, write_record

# Long lines, so that a kill hits the middle of one.
WRITES_UNTIL_KILLED = """
import sys
from pathlib import Path
from nemotron_agent.safety.audit_log import AuditLog
log = AuditLog(Path(sys.argv[1]))
log.start({})
log.write('note')
print('writing', flush=True)
number = 0
while True:
    for number in range(number, number + 20):
        log.note('note', number=number, text='x' * 250_000)
    log.write('note')
"""


def started(folder):
    log = AuditLog(folder)
    log.start(HEADING)
    return log


@pytest.fixture
def folder(tmp_path):
    return tmp_path / 'record'


@pytest.fixture
def log(folder):
    log = started(folder)
    yield log
    log.close()


def notes(folder):
    return [entry for entry in read_entries(folder) if entry.event == 'note']


def killed_while_writing(folder, bytes_before):
    """Run a process that writes entries, and kill it when it has written some."""
    with subprocess.Popen(
        [sys.executable, '-c', WRITES_UNTIL_KILLED, str(folder)], stdout=subprocess.PIPE
    ) as process:
        try:
            process.stdout.readline()
            file = AuditFolder(folder).file(1)
            wait_for(lambda: file.stat().st_size >= bytes_before, 60.0)
        finally:
            process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_what_is_written_is_there_when_write_returns(log, folder):
    log.note('task', text='go')
    log.write('verdict', verdict='allow')
    entries = list(read_entries(folder))
    assert [entry.event for entry in entries] == ['begin', 'start', 'task', 'verdict']
    assert entries[0].fields == {'node': '/agent', 'format': 1, 'file': 1, 'oldest_file': 1}
    assert entries[1].fields == {'node': '/agent'}
    assert entries[2].fields == {'text': 'go'}


def test_what_is_noted_is_there_after_close(log, folder):
    for number in range(100):
        log.note('note', number=number)
    log.close()
    assert [entry.fields['number'] for entry in notes(folder)] == list(range(100))
    log.close()
    with pytest.raises(AuditError, match='closed'):
        log.write('note')


def test_the_record_goes_on_with_the_next_start(folder):
    for number in range(3):
        log = started(folder)
        log.note('note', number=number)
        log.close()
    found = check_record(folder)
    assert found.broken is None
    assert found.entries == 1 + 3 * 2


def test_two_nodes_never_write_one_record(log, folder):
    with pytest.raises(ConfigurationError, match='another node writes the record'):
        started(folder)
    log.close()
    started(folder).close()


def test_threads_write_one_chain(log, folder):
    def write(name):
        for number in range(50):
            log.note('note', thread=name, number=number)
            if number % 10 == 9:
                log.write('note', thread=name, number=number + 0.5)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    found = check_record(folder)
    assert found.broken is None
    assert found.entries == 2 + 8 * 55
    for name in range(8):
        own = [e.fields['number'] for e in notes(folder) if e.fields['thread'] == name]
        assert own == sorted(own)


def test_a_kill_in_mid_write_is_repaired_and_told(folder, caplog):
    caplog.set_level(logging.WARNING)
    for attempt in range(200):
        shutil.rmtree(folder, ignore_errors=True)
        killed_while_writing(folder, 1_000_000 + attempt * 37_000)
        before = check_record(folder)
        if before.broken is not None:
            break
    assert before.broken is not None, 'no kill hit the middle of a line'
    assert 'the next start of the node repairs it' in before.broken.reason
    torn = before.broken.path.read_bytes().rpartition(b'\n')[2]

    started(folder).close()
    after = check_record(folder)
    assert after.broken is None
    repaired = list(read_entries(folder))[before.entries]
    assert repaired.event == 'repaired'
    assert repaired.fields['cut_bytes'] == len(torn)
    assert (folder / repaired.fields['kept_in']).read_bytes() == torn
    assert f'{len(torn)} bytes were cut off and are kept in' in caplog.text
    assert any('repaired: after_sequence' in remark for remark in after.remarks)


def test_garbage_at_the_end_is_moved_aside(folder):
    file = write_record(folder, 3).file(1)
    whole = file.read_bytes()
    file.write_bytes(whole + b'\0\0\n\0{"event":\n')
    started(folder).close()
    assert check_record(folder).broken is None
    assert (folder / 'record-000001.torn-1').read_bytes() == b'\0\0\n\0{"event":\n'
    assert file.read_bytes().startswith(whole)


def test_an_end_larger_than_what_is_read_at_first_is_moved_aside(folder):
    file = write_record(folder, 3).file(1)
    whole = file.read_bytes()
    file.write_bytes(whole + b'x' * (END_BYTES + 1))
    started(folder).close()
    assert check_record(folder).broken is None
    assert (folder / 'record-000001.torn-1').stat().st_size == END_BYTES + 1


def test_a_torn_first_line_is_written_again(folder):
    files = write_record(folder, 40, AuditLimits(file_bytes=2000, files=100))
    newest = files.numbers()[-1]
    files.file(newest + 1).write_bytes(b'{"event":"beg')
    started(folder).close()
    assert check_record(folder).broken is None
    assert files.numbers()[-1] == newest + 1


def test_entries_that_are_gone_are_told(folder, caplog):
    file = write_record(folder, 9).file(1)
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b''.join(lines[:-4]))
    started(folder).close()
    found = check_record(folder)
    assert found.broken is None
    assert 'repaired: lost_entries 4' in found.remarks[0]
    assert 'the last 4 entries of the record' in caplog.text


@pytest.mark.parametrize(
    'harm',
    [
        lambda file: file.unlink(),
        lambda file: os.truncate(file, 10),
        lambda file: file.write_bytes(file.read_bytes() + b'more'),
        lambda file: shutil.rmtree(file.parent),
    ],
    ids=['deleted', 'cut', 'added to', 'folder deleted'],
)
def test_a_file_that_others_change_is_noticed_at_the_next_entry(log, folder, harm):
    log.write('note', number=1)
    harm(AuditFolder(folder).file(1))
    log.write('note', number=2)
    found = check_record(folder)
    assert found.broken is None
    assert [entry.fields['number'] for entry in notes(folder)][-1] == 2
    assert any('repaired: ' in remark for remark in found.remarks)


def test_a_limit_like_a_full_disk_refuses_and_mends(log, folder, caplog):
    log.write('note', number=1)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = AuditFolder(folder).file(1).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, limits[1]))
    try:
        log.note('note', number=2)
        with pytest.raises(AuditError, match='cannot be written: No space left'):
            log.write('verdict', verdict='allow')
        assert 'No space left' in log.problem
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    log.write('verdict', verdict='deny')
    assert log.problem == ''
    assert 'is written again' in caplog.text
    found = check_record(folder)
    assert found.broken is None
    assert found.remarks == []
    assert [entry.event for entry in read_entries(folder)] == [
        'begin',
        'start',
        'note',
        'note',
        'verdict',
    ]
    assert found.last.fields == {'verdict': 'deny'}


def test_a_full_disk(tmp_path):
    """A file system of 128 KiB, where mounting is allowed."""
    disk = tmp_path / 'disk'
    disk.mkdir()
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', str(disk)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip('there is no mount')
    if mounted.returncode:
        pytest.skip(f'no tmpfs may be mounted here: {mounted.stderr.strip()}')
    try:
        log = started(disk / 'record')
        (disk / 'ballast').write_bytes(b'x' * 60_000)
        with pytest.raises(AuditError, match='No space left on device'):
            for _ in range(100):
                log.write('note', text='x' * 2000)
        (disk / 'ballast').unlink()
        log.write('note', text='x' * 2000)
        log.close()
        assert check_record(disk / 'record').broken is None
    finally:
        subprocess.run(['umount', str(disk)], check=True)


def test_a_folder_that_cannot_be_made_is_tried_again(tmp_path):
    blocked = tmp_path / 'blocked'
    blocked.write_text('a file where a folder should be')
    log = started(blocked / 'record')
    assert 'Not a directory' in log.problem
    log.note('task', text='go')
    with pytest.raises(AuditError, match='Not a directory'):
        log.write('verdict')
    blocked.unlink()
    wait_for(lambda: AuditFolder(blocked / 'record').file(1).exists())
    log.write('verdict')
    log.close()
    assert [entry.event for entry in read_entries(blocked / 'record')] == [
        'begin',
        'start',
        'task',
        'verdict',
    ]


def test_notes_beyond_what_memory_holds_are_counted(tmp_path):
    blocked = tmp_path / 'blocked'
    blocked.write_text('')
    log = started(blocked / 'record')
    for number in range(MAX_PENDING + 20):
        log.note('note', number=number)
    blocked.unlink()
    log.write('verdict')
    log.close()
    [lost] = [e for e in read_entries(blocked / 'record') if e.event == 'lost']
    kept = len(notes(blocked / 'record'))
    assert lost.fields['entries'] + kept == MAX_PENDING + 20
    assert 20 <= lost.fields['entries'] <= 21


def test_what_a_closing_log_cannot_write_is_said(tmp_path, caplog):
    blocked = tmp_path / 'blocked'
    blocked.write_text('')
    log = started(blocked / 'record')
    log.note('note')
    log.close()
    assert '2 entries are not in the record' in caplog.text


def test_a_disk_that_hangs_holds_up_neither_notes_nor_a_cancel(folder):
    folder.mkdir()
    # Whoever opens a pipe to read from it hangs until somebody writes.
    os.mkfifo(folder / 'head.json.pipe')
    log = started(folder)
    log.write('note', number=1)
    (folder / 'head.json').unlink()
    os.rename(folder / 'head.json.pipe', folder / 'head.json')
    os.truncate(AuditFolder(folder).file(1), 0)  # so that it is opened again
    cancel = CancelToken()
    refusal = []

    def write():
        try:
            log.write('verdict', cancel)
        except AuditError as error:
            refusal.append(str(error))

    thread = threading.Thread(target=write)
    thread.start()
    log.note('stop')
    cancel.cancel()
    thread.join(4.0)
    assert refusal == ['it was cancelled before it was in the record']
    with pytest.raises(AuditError, match='does not answer in 5 s'):
        log.write('verdict')
    writing_end = os.open(folder / 'head.json', os.O_RDWR)
    (folder / 'head.json').unlink()
    os.close(writing_end)
    log.close()
    assert [entry.event for entry in read_entries(folder)][-1] == 'stop'
