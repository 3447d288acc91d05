import argparse
import csv
import datetime
import json

import pytest

from nemotron_agent.cli.audit_filter import read_time
from nemotron_agent.cli.main import main
from nemotron_agent.core.agent_events import CallEnded
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.conversation import Conversation
from nemotron_agent.core.gate import CallRequest, Decision, Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.task import CallRecord, Task, TaskResult, TaskStatus
from nemotron_agent.core.tool import Outcome, RequestState, ToolResult
from nemotron_agent.safety.audit_check import check_record
from nemotron_agent.safety.audit_log import AuditLog
from nemotron_agent.safety.confirmation import Answer
from nemotron_agent.safety.recorder import Recorder
from nemotron_agent.safety.stop_latch import Stop


def carry_out(recorder, text, origin, skill, verdict):
    """Record a task with one call."""
    task = Task(text, 'c1', origin)
    call = ToolCall('1', skill, {'place': 'dock'})
    request = CallRequest(f'r-{task.id}', call, origin, 'c1', task_id=task.id, goal_id='0a1b')
    recorder.command(task)
    recorder.task(task, Conversation('c1'))
    decision = Decision(verdict, 'too fast', {'place': 'kitchen'}, 'speed')
    recorder.verdict(request, decision, CancelToken())
    recorder(request, RequestState.SUCCEEDED, 'Done.')
    result = ToolResult(Outcome.SUCCEEDED, 'Done.')
    recorder.event(task, CallEnded(CallRecord(request.request_id, call, verdict, '', result, 1.0)))
    recorder.answer(request, Answer(True, 'ben approved it', 'ben', call.arguments))
    recorder.task_end(task, TaskResult(TaskStatus.DONE, answer='There.'))
    return task


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('NEMOTRON_AGENT_STATE', str(tmp_path))
    return tmp_path / 'audit' / 'nemotron_agent'


@pytest.fixture
def tasks(folder):
    recorder = Recorder(AuditLog(folder))
    recorder.log.start({'node': '/agent', 'model': {'name': 'tiny'}, 'tools': []})
    done = [
        carry_out(recorder, 'go to the dock', 'action:anna', 'go_to', Verdict.CLAMP),
        carry_out(recorder, '=cmd()\x1b[31m', 'topic:speech', 'say', Verdict.DENY),
    ]
    recorder.refused('x' * 500, 'service:ben', 'c1', 'the command is too long')
    recorder.stop(Stop('the button'), None)
    recorder.stop(None, None)
    recorder.resource_release('base', 'ben', 'r1')
    recorder.close()
    return done


def lines(capsys):
    return capsys.readouterr().out.splitlines()


def test_verify_says_that_it_is_whole(tasks, folder, capsys):
    assert main(['audit', 'verify']) == 0
    whole, last = lines(capsys)
    assert whole == f'{folder}: whole, 21 entries, files: 1'
    noted = last.split()[-1]
    assert main(['audit', 'verify', str(folder), '--noted', noted]) == 0
    assert main(['audit', 'verify', '--noted', 'ab' * 32]) == 1
    assert 'no entry has the noted hash' in capsys.readouterr().out


def test_verify_names_file_and_line(tasks, folder, capsys):
    file = folder / 'record-000001.jsonl'
    file.write_bytes(file.read_bytes().replace(b'go to the dock', b'go to the duck', 1))
    assert main(['audit', 'verify']) == 1
    assert lines(capsys) == [f'broken: {file}:3: its content does not fit its hash']
    assert main(['audit', 'verify', '--json']) == 1
    [told] = map(json.loads, lines(capsys))
    assert told['whole'] is False
    assert told['broken']['line'] == 3


def test_verify_tells_of_repairs(tasks, folder, capsys):
    with (folder / 'record-000001.jsonl').open('ab') as file:
        file.write(b'{"torn')
    log = AuditLog(folder)
    log.start({})
    log.close()
    assert main(['audit', 'verify']) == 0
    assert 'kept_in record-000001.torn-1' in capsys.readouterr().out


def test_verify_checks_all_records_of_a_folder(tasks, folder, capsys):
    other = AuditLog(folder.parent / 'r2.nemotron_agent')
    other.start({})
    other.close()
    assert main(['audit', 'verify']) == 0
    assert len([line for line in lines(capsys) if 'whole' in line]) == 2
    assert main(['audit', 'show']) == 2
    assert 'there are several records, name one of' in capsys.readouterr().err


def test_no_record(folder, capsys):
    assert main(['audit', 'verify']) == 2
    assert 'there is no record in' in capsys.readouterr().err


def test_show_is_readable(tasks, capsys):
    assert main(['audit', 'show']) == 0
    shown = capsys.readouterr().out
    assert '\x1b' not in shown
    texts = [line.split(maxsplit=2)[2] for line in shown.splitlines()]
    first, second = (task.id[:8] for task in tasks)
    assert texts[:9] == [
        'begin                 file 1 of /agent',
        'start                 /agent with tiny; tools:',
        f'command      {first} "go to the dock" by action:anna',
        f'task         {first} begins in "c1"',
        f'verdict      {first} clamp by speed: go_to {{"place": "dock"}} as '
        '{"place": "kitchen"} for action:anna, too fast',
        f'state        {first} go_to succeeded (goal 0a1b), Done.',
        f'call         {first} go_to {{"place": "dock"}}: succeeded, Done.',
        f'confirmation {first} approved: go_to {{"place": "dock"}}, ben approved it',
        f'task_end     {first} done: There.',
    ]
    assert texts[-5].endswith('...')
    assert texts[-4:] == [
        'stop                  stopped by the button, 0 calls cancelled',
        'release               released',
        'resource_release         resource base, operator ben, request r1',
        'end                   the node ends',
    ]


@pytest.mark.parametrize(
    ('options', 'count'),
    [
        ([], 21),
        (['--origin', 'action'], 7),
        (['--origin', 'action:anna'], 7),
        (['--origin', 'action:an'], 0),
        (['--skill', 'say'], 4),
        (['--denied'], 2),
        (['--denied', '--skill', 'say'], 1),
        (['--since', '1h'], 21),
        (['--until', '1h'], 0),
        (['--last', '3'], 3),
        (['--last', '0'], 0),
    ],
)
def test_show_chooses(tasks, capsys, options, count):
    assert main(['audit', 'show', *options]) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == count
    assert ('no entry fits' in err) is (count == 0)


def test_show_chooses_a_task(tasks, capsys):
    assert main(['audit', 'show', '--task', tasks[1].id[:10]]) == 0
    assert len(lines(capsys)) == 7


def test_show_goes_on_after_a_broken_line(tasks, folder, capsys):
    file = folder / 'record-000001.jsonl'
    file.write_bytes(file.read_bytes().replace(b'go to the dock', b'go to the duck', 1))
    assert main(['audit', 'show']) == 0
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 20
    assert f'{file}:3: its content does not fit its hash' in err


def test_export_as_json(tasks, capsys):
    assert main(['audit', 'export', '--skill', 'go_to']) == 0
    exported = [json.loads(line) for line in lines(capsys)]
    assert [entry['event'] for entry in exported] == ['verdict', 'state', 'call', 'confirmation']
    assert exported[0]['arguments'] == {'place': 'dock'}
    assert len(exported[0]['hash']) == 64


def test_export_as_csv(tasks, tmp_path):
    path = tmp_path / 'record.csv'
    assert main(['audit', 'export', '--format', 'csv', '--output', str(path)]) == 0
    with path.open(newline='', encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 21
    assert rows[2]['text'] == 'go to the dock'
    assert rows[4]['arguments'] == '{"place": "dock"}'
    assert json.loads(rows[4]['other'])['run_with'] == {'place': 'kitchen'}
    assert [row['text'] for row in rows if 'cmd' in row['text']][0].startswith("'=cmd()")


def test_an_output_that_cannot_be_written(tasks, tmp_path, capsys):
    assert main(['audit', 'export', '--output', str(tmp_path)]) == 2
    assert 'Is a directory: name another --output' in capsys.readouterr().err


def test_times():
    assert read_time('2026-01-31T12:00Z') == '2026-01-31T12:00:00.000000Z'
    assert read_time('2026-01-31T12:00+01:00') == '2026-01-31T11:00:00.000000Z'
    local = datetime.datetime(2026, 1, 31).astimezone(datetime.timezone.utc)
    assert read_time('2026-01-31') == f'{local:%Y-%m-%dT%H:%M:%S.%fZ}'
    assert read_time('1d') < read_time('2h') < read_time('90m') < read_time('1s')
    with pytest.raises(argparse.ArgumentTypeError, match='"soon" is no time'):
        read_time('soon')


def test_a_record_that_runs_can_be_checked(folder):
    log = AuditLog(folder)
    log.start({})
    log.write('verdict')
    assert check_record(folder).broken is None
    log.close()
