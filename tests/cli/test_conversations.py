import json
import os
import pty
import re
import sqlite3
import subprocess
import sys

import pytest

from nemotron_agent.archive.node_files import NodeFiles
from nemotron_agent.archive.sqlite_archive import ArchiveLimits, SqliteArchive
from nemotron_agent.cli.main import main
from nemotron_agent.core.conversation_store import ConversationStore
from nemotron_agent.core.left_out import LeftOut

from ..archive.finished_turns import take_turn


def conversations(*args):
    return main(['conversations', *args])


@pytest.fixture
def start_node():
    """Begins what a node of a name does with conversations, until the test ends."""
    archives = []

    def started(node):
        archives.append(SqliteArchive(NodeFiles.of_node(node), ArchiveLimits(36500, 10**9)))
        return ConversationStore(4, archives[-1])

    yield started
    for archive in archives:
        archive.close()


@pytest.fixture
def two_nodes(start_node):
    """One has ended, with two conversations; the other runs, with one of the same name."""
    first = start_node('/r1/agent')
    take_turn(first, 'default', 'the kitchen')
    take_turn(first, 'default', 'the \x1b[31mdock [red]')
    take_turn(first, 'guest', 'the door')
    conversation = first.get('default')
    conversation.shorten(conversation.turns[1:], LeftOut(turns=1, facts=('This is the lab.',)))
    first.archive.keep_window(conversation)
    first.close()
    second = start_node('/r2/agent')
    take_turn(second, 'default', 'the table', ended=4e9)
    return second


def test_nothing_is_kept(capsys):
    assert conversations('list') == 0
    assert f'no conversations are kept in {os.environ["NEMOTRON_AGENT_STATE"]}' in (
        capsys.readouterr().out
    )


def test_list(two_nodes, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '120')
    assert conversations('list') == 0
    shown = capsys.readouterr().out
    rows = [re.split(r'\s*│\s*', line)[1:5] for line in shown.splitlines() if '/r' in line]
    assert rows == [
        ['default', '/r1/agent', '2', '200'],
        ['guest', '/r1/agent', '1', '100'],
        ['default', '/r2/agent', '1', '100'],
    ]
    assert shown.count(f'process {os.getpid()}') == 1, 'the node that runs holds its own'


def test_list_as_json(two_nodes, capsys):
    assert conversations('list', '--json', '--node', 'r2/agent') == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry['node'] == '/r2/agent'
    assert entry['held_by_process'] == os.getpid()
    assert entry['created'].startswith('2096-')


def test_list_tells_of_a_database_that_cannot_be_read_and_shows_the_others(two_nodes, capsys):
    NodeFiles.of_node('/broken').database.write_bytes(b'no database at all' * 100)
    assert conversations('list') == 2
    told = capsys.readouterr()
    assert '/r2/agent' in told.out
    assert 'broken.sqlite: file is not a database: move it away' in told.err


def test_show(two_nodes, capsys):
    assert conversations('show', 'default', '--node', '/r1/agent') == 0
    shown = capsys.readouterr().out
    assert '"default" of /r1/agent: 2 turns, 200 tokens' in shown
    assert '- This is the lab.' in shown
    assert 'command   the kitchen' in shown
    assert 'the \ufffd[31mdock [red]' in shown, 'what was said cannot steer the terminal'
    assert 'thinking  It wants me there.' in shown
    assert 'call      go_to {"place": "the kitchen' in shown
    assert 'clamp (too fast), succeeded after 2.0 s: Arrived.' in shown
    assert '3.0 s, 30 of 90 tokens read, 20 written' in shown
    assert 'answer    I am at the kitchen.' in shown


def test_show_as_json(two_nodes, capsys):
    assert conversations('show', 'default', '--node', '/r1/agent', '--last', '1', '--json') == 0
    values = json.loads(capsys.readouterr().out)
    assert values['turns'][0]['messages'][0]['content'].startswith('the \x1b')
    assert values['turns'][0]['calls'][0]['outcome'] == 'succeeded'
    assert values['turns'][0]['stats']['usage']['new_tokens'] == 30
    assert 'This is the lab.' in values['left_out']
    assert len(values['turns']) == 1


@pytest.mark.parametrize(
    ('args', 'told'),
    [
        (['show', 'default'], '/r1/agent and /r2/agent have a conversation "default"'),
        (['show', 'gast'], 'no conversation "gast" on disk: did you mean "guest"?'),
        (['show', 'zzz'], 'see `nemotron-agent conversations list`'),
        (['list', '--node', '/r3'], 'nodes with conversations here are /r1/agent, /r2/agent'),
        (['delete'], 'give the names of the conversations to delete, or --all'),
        (['delete', 'guest', '--all'], 'give the names of the conversations to delete, or --all'),
        (['export', '--output', '/no/such/file'], '/no/such/file cannot be written'),
    ],
)
def test_what_cannot_be_done_says_why(two_nodes, capsys, args, told):
    assert conversations(*args) == 2
    assert told in capsys.readouterr().err


def test_export_as_lines_of_json(two_nodes, capsys, tmp_path):
    assert conversations('export', '--output', str(tmp_path / 'turns.jsonl')) == 0
    lines = [json.loads(line) for line in (tmp_path / 'turns.jsonl').read_text().splitlines()]
    assert {(line['node'], line['conversation']) for line in lines} == {
        ('/r1/agent', 'default'),
        ('/r1/agent', 'guest'),
        ('/r2/agent', 'default'),
    }
    assert len(lines) == 4
    assert lines[0]['calls'][0]['arguments']['speed'] == 0.5


def test_export_as_markdown(two_nodes, capsys):
    assert conversations('export', 'guest', '--format', 'markdown') == 0
    shown = capsys.readouterr().out
    assert shown.startswith('# guest\n\nNode `/r1/agent`, 1 turns.\n\n## 2027-01-15 ')
    assert '\n> the door\n' in shown
    assert '\n- `go_to {"place": "the door' in shown
    assert '\nI am at the door.\n' in shown


def test_delete_needs_an_answer(two_nodes, capsys, monkeypatch):
    monkeypatch.setattr('sys.stdin', open(os.devnull))
    assert conversations('delete', 'guest') == 2
    assert 'nobody is here to be asked whether to delete: give --yes' in capsys.readouterr().err


@pytest.mark.parametrize(('answer', 'status', 'left'), [(b'n\n', 1, True), (b'y\n', 0, False)])
def test_delete_asks_at_a_terminal(two_nodes, capsys, answer, status, left):
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, '-m', 'nemotron_agent.cli.main', 'conversations', 'delete', 'guest'],
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.write(controller, answer)
    output, _ = process.communicate(timeout=60)
    os.close(controller)
    os.close(terminal)
    assert process.returncode == status, output
    assert '"guest" of /r1/agent' in output
    conversations('list', '--json')
    assert ('guest' in capsys.readouterr().out) is left


def test_delete_says_which_node_still_has_it_in_memory(two_nodes, capsys):
    assert conversations('delete', '--all', '--yes') == 0
    shown = capsys.readouterr().out
    assert 'deleted "guest" of /r1/agent: 1 turns' in shown
    assert shown.count('may have it in memory') == 1
    assert (
        'ros2 service call /r2/agent/clear_conversation '
        'nemotron_agent_interfaces/srv/ClearConversation \'{"conversation_id": "default"}\''
    ) in shown
    take_turn(two_nodes, 'default', 'the shelf')
    assert two_nodes.archive.status.problem == ''
    conversations('list', '--json')
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry['node'], entry['turns']) == ('/r2/agent', 1)


def test_delete_waits_for_the_node_and_then_says_that_it_cannot(two_nodes, capsys):
    other = sqlite3.connect(NodeFiles.of_node('/r2/agent').database, isolation_level=None)
    other.execute('BEGIN IMMEDIATE')
    assert conversations('delete', 'default', '--node', '/r2/agent', '--yes') == 2
    assert 'database is locked' in capsys.readouterr().err
