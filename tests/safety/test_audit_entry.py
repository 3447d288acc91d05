import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from nemotron_agent.safety.audit_entry import (
    MAX_LINE_BYTES,
    NO_HASH,
    AuditLineError,
    decode_line,
    encode_entry,
    recordable,
)

from .written_record import write_record

DOCS = Path(__file__).parents[2] / 'docs' / 'safety.md'
TIME = '2026-01-31T12:00:00.000000Z'


def line_of(**fields):
    return encode_entry(7, TIME, 'note', recordable(fields), NO_HASH)[1]


def test_a_line_is_read_as_it_was_written():
    fields = {'text': 'geh zur Küche\n\0', 'number': 0.1, 'nested': {'b': [1, None, True]}}
    entry, line = encode_entry(7, TIME, 'note', fields, NO_HASH)
    assert decode_line(line) == entry
    assert entry.fields == fields


def test_a_line_is_checked_with_nothing_but_sha256():
    line = line_of(text='Küche')
    assert line.isascii()
    body, own = re.fullmatch(rb'(.*),"hash":"(.*)"\}', line).groups()
    assert hashlib.sha256(body + b'}').hexdigest() == own.decode()
    assert list(json.loads(body + b'}')) == ['sequence', 'time', 'event', 'text', 'previous']


def test_a_line_is_checked_as_the_docs_say(tmp_path):
    command = re.search(r'^    (sed -n 7p .*sha256sum)$', DOCS.read_text(), re.MULTILINE)[1]
    file = write_record(tmp_path, 9).file(1)
    told = subprocess.run(
        ['sh', '-c', command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    line = file.read_text().splitlines()[6]
    assert told.stdout.split()[0] == json.loads(line)['hash']


@pytest.mark.parametrize('at', range(0, len(line_of(text='x'))))
def test_no_byte_can_change(at):
    line = bytearray(line_of(text='x'))
    line[at] ^= 0x20
    with pytest.raises(AuditLineError):
        decode_line(bytes(line))


def test_a_hash_alone_makes_no_entry():
    body = b'{"event":3,"previous":"","sequence":"1","time":""}'
    line = body[:-1] + f',"hash":"{hashlib.sha256(body).hexdigest()}"}}'.encode()
    with pytest.raises(AuditLineError, match='no entry of a record'):
        decode_line(line)
    body = b'{"event":"x"}'
    line = body[:-1] + f',"hash":"{hashlib.sha256(body).hexdigest()}"}}'.encode()
    with pytest.raises(AuditLineError, match='no entry of a record'):
        decode_line(line)


def test_what_json_lacks_is_text():
    nested = current = {}
    for _ in range(100):
        current['deeper'] = current = {}
    numbers = {'a': float('nan'), 'b': float('-inf'), 'e': 10**5000}
    value = recordable({**numbers, 'c': {1: (2,)}, 'd': b'x', 'f': nested})
    assert value['a'] == 'nan'
    assert value['b'] == '-inf'
    assert value['c'] == {'1': [2]}
    assert value['d'] == "b'x'"
    assert value['e'] == '[integer of 16610 bits]'
    assert 'nested too deep' in str(value['f'])
    assert decode_line(line_of(**value)).fields == value


def test_a_lone_surrogate_survives():
    assert decode_line(line_of(text='\ud800')).fields == {'text': '\ud800'}


def test_a_huge_entry_is_shortened_by_its_longest_fields():
    huge = 'x' * MAX_LINE_BYTES
    line = line_of(arguments={'text': huge}, skill='say')
    assert len(line) < 1000
    fields = decode_line(line).fields
    assert fields['skill'] == 'say'
    content = json.dumps({'arguments': {'text': huge}}, separators=(',', ':')).encode()
    assert fields['arguments'] == {
        'cut_bytes': len(content),
        'sha256': hashlib.sha256(content).hexdigest(),
    }
