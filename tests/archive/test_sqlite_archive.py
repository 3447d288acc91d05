import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nemotron_agent.archive.database import ConversationDatabase
from nemotron_agent.archive.node_files import NodeFiles
from nemotron_agent.archive.schema import VERSION
from nemotron_agent.archive.sqlite_archive import MAX_UNSAVED_TURNS, ArchiveLimits, SqliteArchive
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.conversation_store import ConversationStore
from nemotron_agent.core.errors import ArchiveError
from nemotron_agent.core.left_out import LeftOut
from nemotron_agent.testing.condition import wait_for

from .finished_turns import NOW, take_turn

DAY = 86400.0
NOBODY = 65534
PLENTY = ArchiveLimits(30, 10**9)


@pytest.fixture
def files(tmp_path):
    return NodeFiles.of_node('/r1/nemotron_agent', tmp_path / 'state')


@pytest.fixture
def open_archive(files):
    archives = []

    def opened(limits=PLENTY, files=files, **options):
        options = {'busy_sec': 0.05, 'retry_sec': 0.05, 'clock': lambda: NOW, **options}
        archives.append(SqliteArchive(files, limits, **options))
        return archives[-1]

    yield opened
    for archive in archives:
        archive.close()


def texts(conversation):
    return [turn[0].content for turn in conversation.turns]


def kept_texts(files, name):
    with ConversationDatabase(files.database, writable=False) as database:
        return [turn.messages[0].content for turn in database.turns(name)]


def test_a_conversation_goes_on_after_a_restart(open_archive, files):
    first = open_archive()
    store = ConversationStore(4, first)
    turns = [take_turn(store, 'a', 'the kitchen'), take_turn(store, 'a', 'the dock')]
    conversation = store.get('a')
    conversation.shorten(conversation.turns[1:], LeftOut(turns=1, summary='s', facts=('a', 'b')))
    first.keep_window(conversation)
    store.close()
    later = ConversationStore(4, open_archive())
    assert later.get('a') == conversation_like(conversation, later.get('a'))
    assert later.get('b').turns == []
    with ConversationDatabase(files.database, writable=False) as database:
        assert database.turns('a') == turns
        assert database.turns('b') == []
        assert database.faults() == []


def conversation_like(conversation, other):
    """The same but for the time of use, which is a process's own."""
    return Conversation(
        conversation.id,
        conversation.turns,
        conversation.left_out,
        conversation.tokens,
        other.last_used,
    )


def test_one_that_gave_way_in_memory_is_read_again(open_archive):
    store = ConversationStore(1, open_archive())
    take_turn(store, 'a', 'one')
    take_turn(store, 'b', 'two')
    assert [conversation.id for conversation in store.list()] == ['b']
    assert [summary.id for summary in store.summaries()] == ['a', 'b']
    assert store.summaries()[0].messages == 4
    assert texts(store.get('a')) == ['one']


def test_forgetting_forgets_on_disk_too(open_archive, files):
    store = ConversationStore(4, open_archive())
    take_turn(store, 'a', 'a secret place')
    take_turn(store, 'b', 'two')
    assert store.remove('a')
    assert not store.remove('a')
    assert [summary.id for summary in store.summaries()] == ['b']
    left = b''.join(path.read_bytes() for path in files.database.parent.iterdir())
    assert b'secret' not in left
    store.close()
    assert ConversationStore(4, open_archive()).get('a').turns == []


def test_conversations_unused_for_long_are_deleted(open_archive):
    store = ConversationStore(4, open_archive())
    take_turn(store, 'a', 'one', ended=NOW - 31 * DAY)
    assert [summary.id for summary in store.archive.summaries()] == []
    take_turn(store, 'b', 'two', ended=NOW - 29 * DAY)
    take_turn(store, 'c', 'three')
    assert [summary.id for summary in store.archive.summaries()] == ['b', 'c']


def test_a_clock_that_begins_in_1970_deletes_nothing(open_archive):
    store = ConversationStore(4, open_archive(clock=lambda: 60.0))
    take_turn(store, 'a', 'one', ended=50.0)
    store.close()
    store = ConversationStore(4, open_archive())
    take_turn(store, 'b', 'two')
    take_turn(store, 'c', 'three', ended=50.0)
    assert [summary.id for summary in store.archive.summaries()] == ['a', 'b', 'c']


def test_beyond_the_size_the_oldest_conversations_give_way(open_archive, files):
    store = ConversationStore(4, open_archive(ArchiveLimits(30, 200_000)))
    for number in range(40):
        take_turn(store, f'c{number}', f'{number} ' + 'x' * 5000)
    names = [summary.id for summary in store.archive.summaries()]
    assert 2 < len(names) < 30
    assert names[-1] == 'c39'
    assert store.archive.status.size_bytes <= 200_000
    store.close()
    assert files.database.stat().st_size < 300_000


def test_beyond_the_size_one_conversation_loses_its_oldest_turns(open_archive, files):
    store = ConversationStore(4, open_archive(ArchiveLimits(30, 200_000)))
    for number in range(40):
        take_turn(store, 'a', f'{number} ' + 'x' * 5000)
        conversation = store.get('a')
        conversation.shorten(conversation.turns[-2:], LeftOut(turns=number))
    kept = kept_texts(files, 'a')
    assert 2 < len(kept) < 30
    assert kept[-1].startswith('39 ')


@pytest.mark.parametrize(
    ('damage', 'told'),
    [
        ('DELETE FROM messages WHERE position = 2', 'turn 1 of conversation "a" is not whole'),
        ('DELETE FROM calls', 'turn 1 of conversation "a" is not whole'),
        ('DELETE FROM turns', 'messages has a row that belongs to no turns'),
    ],
)
def test_half_a_turn_is_a_fault(open_archive, files, damage, told):
    store = ConversationStore(4, open_archive())
    take_turn(store, 'a', 'one')
    store.close()
    connection = sqlite3.connect(files.database)
    with connection:
        connection.execute(damage)
    connection.close()
    with ConversationDatabase(files.database, writable=False) as database:
        assert told in database.faults()


def test_what_the_database_has_is_only_the_users(open_archive, files):
    take_turn(ConversationStore(4, open_archive()), 'a', 'one')
    for path in files.database.parent.glob('*.sqlite*'):
        assert path.stat().st_mode & 0o077 == 0, path


def in_vain(archive, told, caplog, files):
    """A turn is taken while the archive cannot be used; nothing else comes of that."""
    store = ConversationStore(4, archive)
    turn = take_turn(store, 'a', 'one')
    assert told in archive.status.problem
    assert archive.status.unsaved_turns == 1
    assert texts(store.get('a')) == ['one']
    assert store.summaries()[0].id == 'a'
    errors = [record for record in caplog.records if record.levelname == 'ERROR']
    assert len(errors) == 1, 'it is said once'
    assert str(files.database.parent) in errors[0].getMessage()
    return turn


def and_again(archive, files):
    """What hindered is gone: the turn is kept, without another."""
    wait_for(lambda: not archive.status.problem)
    assert archive.status.unsaved_turns == 0
    assert kept_texts(files, 'a') == ['one']


def test_a_database_of_a_newer_version(open_archive, files, caplog):
    open_archive().close()
    with sqlite3.connect(files.database) as connection:
        connection.execute(f'PRAGMA user_version = {VERSION + 1}')
    before = files.database.read_bytes()
    archive = open_archive()
    in_vain(archive, f'is of version {VERSION + 1} and this program knows', caplog, files)
    assert files.database.read_bytes() == before
    files.database.rename(files.database.with_suffix('.newer'))
    and_again(archive, files)


def test_a_database_of_another_program(open_archive, files, caplog):
    files.database.parent.mkdir()
    with sqlite3.connect(files.database) as connection:
        connection.execute('CREATE TABLE theirs (x)')
    in_vain(open_archive(), 'is a database of another program', caplog, files)


def test_a_file_that_is_no_database(open_archive, files, caplog):
    files.database.parent.mkdir()
    files.database.write_bytes(b'not a database, whatever its name is' * 100)
    in_vain(open_archive(), 'file is not a database: move it away', caplog, files)


def test_a_damaged_database(open_archive, files, caplog):
    store = ConversationStore(4, open_archive())
    for number in range(30):
        take_turn(store, 'b', f'{number} ' + 'x' * 2000)
    store.close()
    with files.database.open('r+b') as file:
        file.seek(3 * 4096)
        file.write(os.urandom(40 * 4096))
    in_vain(open_archive(), 'move it away', caplog, files)


def test_a_database_that_another_program_locks(open_archive, files, caplog):
    archive = open_archive()
    other = sqlite3.connect(files.database, isolation_level=None)
    other.execute('BEGIN IMMEDIATE')
    in_vain(archive, 'database is locked: end the program that writes to it', caplog, files)
    other.execute('ROLLBACK')
    and_again(archive, files)


def test_a_folder_that_cannot_be_made(open_archive, caplog, tmp_path):
    (tmp_path / 'file').write_text('in the way')
    files = NodeFiles.of_node('agent', tmp_path / 'file' / 'conversations')
    archive = open_archive(files=files)
    in_vain(archive, 'make its folder writable', caplog, files)
    (tmp_path / 'file').unlink()
    and_again(archive, files)


def test_two_nodes_of_one_name_do_not_mix(open_archive, files, caplog):
    first = open_archive()
    second = open_archive()
    in_vain(second, f'is held by process {os.getpid()}, another node with the name', caplog, files)
    first.close()
    and_again(second, files)


def test_only_so_many_turns_wait(open_archive, tmp_path, caplog):
    (tmp_path / 'file').write_text('in the way')
    files = NodeFiles.of_node('agent', tmp_path / 'file' / 'conversations')
    archive = open_archive(files=files, retry_sec=3600.0)
    store = ConversationStore(4, archive)
    for number in range(MAX_UNSAVED_TURNS + 1):
        take_turn(store, 'a', str(number))
        store.get('a').shorten([], LeftOut(turns=number))
    assert archive.status.unsaved_turns == MAX_UNSAVED_TURNS
    assert 'a turn of a conversation could not be kept: too many wait' in caplog.text
    archive.close()
    assert f'{MAX_UNSAVED_TURNS} turns could not be kept on disk' in caplog.text


def test_one_that_gave_way_while_the_disk_cannot_be_used_goes_on(open_archive, tmp_path):
    (tmp_path / 'file').write_text('in the way')
    files = NodeFiles.of_node('agent', tmp_path / 'file' / 'conversations')
    archive = open_archive(files=files, retry_sec=3600.0)
    store = ConversationStore(1, archive)
    for text in ('one', 'two'):
        take_turn(store, 'a', text)
        take_turn(store, 'b', text)
    assert texts(store.get('a')) == ['one', 'two']
    assert store.get('a').tokens == 200
    store.remove('a')
    assert texts(store.get('a')) == []
    take_turn(store, 'a', 'three')
    take_turn(store, 'b', 'three')
    assert texts(store.get('a')) == ['three']
    (tmp_path / 'file').unlink()
    assert texts(ConversationStore(1, archive).get('b')) == ['one', 'two', 'three']
    assert kept_texts(files, 'a') == ['three']


def test_conversations_whose_turns_were_given_up_take_no_memory(open_archive, tmp_path):
    (tmp_path / 'file').write_text('in the way')
    files = NodeFiles.of_node('agent', tmp_path / 'file' / 'conversations')
    archive = open_archive(files=files, retry_sec=3600.0)
    store = ConversationStore(1, archive)
    take_turn(store, 'first', 'one')
    for number in range(MAX_UNSAVED_TURNS):
        take_turn(store, 'a', str(number))
        store.get('a').shorten([], LeftOut(turns=number))
    assert archive.load('first') is None


def test_a_conversation_that_a_later_program_wrote_begins_anew(open_archive, files):
    store = ConversationStore(4, open_archive())
    take_turn(store, 'a', 'one')
    store.close()
    connection = sqlite3.connect(files.database)
    with connection:
        connection.execute('UPDATE conversations SET window = ?', ('{"later": 1}',))
        connection.execute('UPDATE turns SET status = ?', ('enlightened',))
    connection.close()
    archive = open_archive()
    assert archive.load('a') is None
    assert 'holds what this version cannot read' in archive.status.problem
    with pytest.raises(ArchiveError, match='holds what this version cannot read'):
        kept_texts(files, 'a')


def test_an_empty_file_is_told_to_who_reads(files):
    files.database.parent.mkdir()
    files.database.touch()
    with pytest.raises(ArchiveError, match='sqlite is empty'):
        kept_texts(files, 'a')


def test_nodes_of_different_names_have_a_database_each(open_archive, tmp_path):
    for name in ('/r1/nemotron_agent', '/r2/nemotron_agent', '/nemotron_agent'):
        archive = open_archive(files=NodeFiles.of_node(name, tmp_path))
        assert archive.summaries() == []
        take_turn(ConversationStore(4, archive), 'a', name)
    nodes = NodeFiles.find(tmp_path)
    assert {files.node: kept_texts(files, 'a') for files in nodes} == {
        '/nemotron_agent': ['/nemotron_agent'],
        '/r1/nemotron_agent': ['/r1/nemotron_agent'],
        '/r2/nemotron_agent': ['/r2/nemotron_agent'],
    }


def test_a_database_that_is_deleted_under_a_running_node_is_made_anew(open_archive, files):
    store = ConversationStore(4, open_archive())
    take_turn(store, 'a', 'one')
    for path in files.database.parent.iterdir():
        path.unlink()
    take_turn(store, 'a', 'two')
    assert store.archive.status.problem == ''
    assert kept_texts(files, 'a') == ['two']
    assert texts(store.get('a')) == ['one', 'two']


WRITER = """
import os, resource, sys
from pathlib import Path
from nemotron_agent.archive.node_files import NodeFiles
from nemotron_agent.archive.sqlite_archive import ArchiveLimits, SqliteArchive
from nemotron_agent.core.conversation_archive import FinishedTurn
from nemotron_agent.core.conversation_store import ConversationStore
from nemotron_agent.core.messages import Message
from nemotron_agent.core.task import TaskResult, TaskStatus
from nemotron_agent.testing.condition import wait_for

os.seteuid(int(sys.argv[2]))
files = NodeFiles.of_node('/r1/nemotron_agent', Path(sys.argv[1]))
archive = SqliteArchive(files, ArchiveLimits(30, 10**9), retry_sec=float(sys.argv[3]))
store = ConversationStore(4, archive)

def take_turn(text):
    conversation = store.get('a')
    conversation.add_turn((Message('user', text), Message('assistant', text)))
    result = TaskResult(TaskStatus.DONE, answer=text)
    store.keep_turn(conversation, FinishedTurn(conversation.turns[-1], 'test', result, 1e9, 1e9))
"""


def write(program, files, user=None, retry_sec=0.05):
    """Run a program as the user of an id, once it is loaded."""
    user = os.geteuid() if user is None else user
    return subprocess.Popen(
        [
            *(sys.executable, '-c', WRITER + program),
            *(str(files.database.parent), str(user), str(retry_sec)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_disk_that_is_full(files):
    """A limit on the size of files makes the system refuse real writes, as a full disk does."""
    program = """
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
taken = 0
while not archive.status.problem:
    take_turn(f'{taken} ' + 'x' * 1000)
    taken += 1
take_turn('in memory only')
print(taken + 1, archive.status.unsaved_turns, len(store.get('a').turns))
print(archive.status.problem)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
wait_for(lambda: archive.status.unsaved_turns == 0)
"""
    # Opened anew it has room again, in a shorter log: not before the next turn.
    with write(program, files, retry_sec=3.0) as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    counts, problem = output.splitlines()
    taken, unsaved, in_memory = map(int, counts.split())
    assert (unsaved, in_memory) == (2, taken)
    assert problem.endswith(('check the disk, and the room on it', 'free some disk'))
    assert len(kept_texts(files, 'a')) == taken


def test_a_database_that_cannot_be_written():
    """In a process that is not root, which no mode of a file stops."""
    program = """
print(archive.status.problem)
take_turn('in memory only')
print(archive.status.unsaved_turns, len(store.get('a').turns))
"""
    with tempfile.TemporaryDirectory(dir='/tmp') as folder:
        files = NodeFiles.of_node('/r1/nemotron_agent', Path(folder))
        SqliteArchive(files, PLENTY).close()
        # The lock stays open to all: it is made by whoever comes first.
        for path, mode in ((files.database, 0o444), (files.database.with_suffix('.lock'), 0o666)):
            path.chmod(mode)
        Path(folder).chmod(0o555)
        with write(program, files, user=os.geteuid() or NOBODY) as process:
            output, _ = process.communicate(timeout=60)
        Path(folder).chmod(0o755)
    assert process.returncode == 0
    problem, counts = output.splitlines()
    assert problem.endswith('readonly database: make the file and its folder writable')
    assert counts == '1 1'


def test_a_killed_process_leaves_every_finished_turn_and_no_half(files):
    program = """
number = 0
while True:
    take_turn(f'{sys.argv[1]} {number}')
    print(number, flush=True)
    number += 1
"""
    seen = 0
    for round_ in range(5):
        with write(program, files) as process:
            for _ in range(3 + 7 * round_):
                process.stdout.readline()
            process.kill()
            seen += 3 + 7 * round_
            rest = process.stdout.read().splitlines()
            seen += len(rest)
        with ConversationDatabase(files.database, writable=False) as database:
            assert database.faults() == []
            assert seen <= len(database.turns('a')) <= seen + round_ + 1
