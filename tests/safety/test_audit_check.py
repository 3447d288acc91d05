import shutil

import pytest

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.safety.audit_check import check_record
from nemotron_agent.safety.audit_entry import NO_HASH, encode_entry
from nemotron_agent.safety.audit_reader import read_entries
from nemotron_agent.safety.audit_writer import AuditLimits

from .written_record import write_record

FEW = 5


@pytest.fixture(scope='module')
def written(tmp_path_factory):
    """A record of one file with a first line and FEW entries."""
    folder = tmp_path_factory.mktemp('records') / 'written'
    write_record(folder, FEW)
    return folder


@pytest.fixture
def record(written, tmp_path):
    return shutil.copytree(written, tmp_path / 'record')


@pytest.fixture
def file(record):
    return record / 'record-000001.jsonl'


def change(file, edit):
    lines = file.read_bytes().splitlines(keepends=True)
    edit(lines)
    file.write_bytes(b''.join(lines))


def broken(record):
    found = check_record(record).broken
    assert found is not None
    return found


def test_a_whole_record(record):
    found = check_record(record)
    assert found.broken is None
    assert (found.files, found.entries, found.remarks) == (1, FEW + 1, [])
    assert found.last.fields == {'number': FEW - 1}


def test_every_flipped_byte_is_found_in_its_line(record, file):
    whole = file.read_bytes()
    for at in range(len(whole)):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << at % 8
        file.write_bytes(flipped)
        found = broken(record)
        assert (found.path, found.line) == (file, whole.count(b'\n', 0, at) + 1), at


def test_every_flipped_byte_of_the_head_is_found(record):
    head = record / 'head.json'
    whole = head.read_bytes()
    for at in range(len(whole)):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << at % 8
        head.write_bytes(flipped)
        found = broken(record)
        # A larger number in the head is a record that ends too early.
        assert found.path in (head, record / 'record-000001.jsonl'), at


def test_a_deleted_line(record, file):
    change(file, lambda lines: lines.pop(2))
    assert str(broken(record)) == f'{file}:3: 1 entries are missing before it'


def test_a_deleted_first_line(record, file):
    change(file, lambda lines: lines.pop(0))
    assert str(broken(record)) == f'{file}:1: the beginning of the file is missing'


def test_deleted_last_lines(record, file):
    change(file, lambda lines: lines.__delitem__(slice(-2, None)))
    assert str(broken(record)) == f'{file}: its last entries are missing: 2 of them'


def test_swapped_lines(record, file):
    change(file, lambda lines: lines.insert(2, lines.pop(3)))
    assert broken(record).line == 3


def test_a_line_twice(record, file):
    change(file, lambda lines: lines.insert(3, lines[2]))
    found = broken(record)
    assert found.line == 4
    assert 'out of its place' in found.reason


def test_an_inserted_blank_line(record, file):
    change(file, lambda lines: lines.insert(2, b'\n'))
    assert broken(record).line == 3


def test_a_forged_line_in_the_place_of_another(record, file):
    def forge(lines):
        old = list(read_entries(record))[2]
        lines[2] = encode_entry(2, old.time, 'note', {'number': 99}, old.previous)[1] + b'\n'

    change(file, forge)
    assert str(broken(record)) == (
        f'{file}:4: it does not follow the entry before it, which was replaced'
    )


def test_a_forged_last_line(record, file):
    def forge(lines):
        old = list(read_entries(record))[-1]
        lines[-1] = encode_entry(FEW, old.time, 'note', {}, old.previous)[1] + b'\n'

    change(file, forge)
    assert broken(record).reason == 'it names an entry that the record does not have'


@pytest.mark.parametrize('kept', [0, 1, 50, -1])
def test_a_truncated_last_line(record, file, kept):
    change(file, lambda lines: lines.append(lines.pop()[:kept]))
    found = broken(record)
    assert found.line == (FEW + 1 if kept else 0)
    if kept:
        assert 'the next start of the node repairs it' in found.reason


def test_a_truncated_line_in_the_middle(record, file):
    change(file, lambda lines: lines.__setitem__(2, lines[2][:50] + b'\n'))
    found = broken(record)
    assert found.line == 3
    assert 'crash' not in found.reason


def test_an_emptied_file(record, file):
    file.write_bytes(b'')
    assert 'it is empty' in broken(record).reason


def test_a_lost_head(record):
    (record / 'head.json').unlink()
    assert str(broken(record)) == f'{record}/head.json: it is missing'


def test_a_format_of_the_future(record, file):
    def forge(lines):
        lines[:] = [encode_entry(0, 't', 'begin', {'format': 2}, NO_HASH)[1] + b'\n']

    change(file, forge)
    assert broken(record).reason == 'format 2 is not known here, only 1'


def test_a_first_entry_that_follows_another(record, file):
    def forge(lines):
        lines[:] = [encode_entry(0, 't', 'begin', {'format': 1}, 'f' * 64)[1] + b'\n']

    change(file, forge)
    assert broken(record).reason == 'it names an entry before the first'


@pytest.mark.parametrize('numbers', [{}, {'file': 1}, {'file': '1', 'oldest_file': 'x'}])
def test_a_beginning_that_tells_no_numbers(record, file, numbers):
    def forge(lines):
        fields = {'format': 1, **numbers}
        lines[:] = [encode_entry(0, 't', 'begin', fields, NO_HASH)[1] + b'\n']

    change(file, forge)
    assert str(broken(record)) == f'{file}:1: it is not how this file begins'


def test_a_beginning_in_the_middle(record, file):
    def forge(lines):
        old = list(read_entries(record))[-1]
        lines[-1] = encode_entry(FEW, old.time, 'begin', {}, old.previous)[1] + b'\n'

    change(file, forge)
    assert str(broken(record)) == f'{file}:{FEW + 1}: a file does not begin in its middle'


def test_a_noted_hash_must_be_there(record):
    noted = list(read_entries(record))[3].hash
    assert check_record(record, noted).broken is None
    found = check_record(record, 'ab' * 32)
    assert str(found.broken) == f'{record}: no entry has the noted hash {"ab" * 32}'


def test_the_chain_goes_on_over_files(tmp_path):
    folder = write_record(tmp_path, 40, AuditLimits(file_bytes=2000, files=100))
    numbers = folder.numbers()
    found = check_record(tmp_path)
    assert len(numbers) > 3
    assert found.broken is None
    assert (found.files, found.entries) == (len(numbers), 40 + len(numbers))

    whole = folder.file(2).read_bytes()
    folder.file(2).write_bytes(whole[: whole.rstrip().rfind(b'\n') + 1])
    assert str(broken(tmp_path)) == f'{folder.file(3)}:1: 1 entries are missing before it'
    folder.file(2).unlink()
    assert broken(tmp_path).path == folder.file(3)
    folder.file(2).write_bytes(whole)
    assert check_record(tmp_path).broken is None
    folder.file(1).unlink()
    assert str(broken(tmp_path)) == f'{folder.file(1)}: it is missing'
    folder.file(numbers[-1]).unlink()


def test_a_lost_newest_file(tmp_path):
    folder = write_record(tmp_path, 40, AuditLimits(file_bytes=2000, files=100))
    folder.file(folder.numbers()[-1]).unlink()
    assert 'its last entries are missing' in broken(tmp_path).reason


def test_a_beginning_that_was_rotated_away_is_told(tmp_path):
    folder = write_record(tmp_path, 60, AuditLimits(file_bytes=2000, files=3))
    numbers = folder.numbers()
    assert len(numbers) == 3
    assert numbers[0] > 1
    found = check_record(tmp_path)
    assert found.broken is None
    assert found.remarks == [
        f'the record begins with {folder.file(numbers[0]).name}: what was before has been '
        'rotated away'
    ]
    folder.file(numbers[0]).unlink()
    assert str(broken(tmp_path)) == f'{folder.file(numbers[0])}: it is missing'


def test_one_file_is_checked_by_itself(tmp_path):
    folder = write_record(tmp_path, 60, AuditLimits(file_bytes=2000, files=3))
    found = check_record(folder.file(folder.numbers()[1]))
    assert found.broken is None
    assert found.files == 1


def test_no_record(tmp_path):
    with pytest.raises(ConfigurationError, match='holds no record'):
        check_record(tmp_path)
    with pytest.raises(ConfigurationError, match='cannot read the record'):
        check_record(tmp_path / 'none')
