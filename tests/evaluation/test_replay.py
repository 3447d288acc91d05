import dataclasses
import json
import subprocess
import sys

import pytest

pytest.importorskip('rclpy')

from nemotron_agent.cli.main import main
from nemotron_agent.core.cancel_token import CancelToken
from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.gate import Decision, Verdict
from nemotron_agent.core.messages import ToolCall
from nemotron_agent.core.task import TaskStatus
from nemotron_agent.core.tool import Outcome, ToolResult
from nemotron_agent.evaluation.call_comparison import Difference, compare_calls
from nemotron_agent.evaluation.recorded_calls import RecordedTool
from nemotron_agent.evaluation.recorded_task import read_tasks
from nemotron_agent.evaluation.replay import Replay
from nemotron_agent.llm.model_loading import ModelParameters
from nemotron_agent.safety.audit_log import AuditLog
from nemotron_agent.testing.listed_model import ListedModel, calls
from nemotron_agent.testing.listed_tool import PLACE_SCHEMA, ListedTool

from .recorded_agent import RecordedAgent

SCRIPT = """\
rules:
  - {match: go to the kitchen, role: user, call: {name: go_to, arguments: {place: kitchen}}}
  - {match: The door is shut, role: tool, call: {name: go_to, arguments: {place: dock}}}
  - {match: Not allowed, role: tool, call: {name: answer, arguments: {text: I may not.}}}
  - {match: done, role: tool, call: {name: answer, arguments: {text: There.}}}
  - {match: fly, role: user, call: {name: fly, arguments: {}}}
  - {match: no tool, role: tool, call: {name: decline, arguments: {reason: I have no wings.}}}
"""


@pytest.fixture
def script(tmp_path):
    file = tmp_path / 'script.yaml'
    file.write_text(SCRIPT)
    return file


@pytest.fixture
def folder(tmp_path):
    return tmp_path / 'record'


@pytest.fixture
def start(folder, script):
    agents = []

    def make(*results, **options):
        tools = [ListedTool(results=results, during_run=options.pop('during_run', lambda c: None))]
        agents.append(
            RecordedAgent(folder, ModelParameters(f'scripted:{script}'), tools, **options)
        )
        return agents[-1]

    yield make
    for agent in agents:
        agent.close()


def replay(capsys, *arguments):
    status = main(['replay', *map(str, arguments), '--json'])
    return status, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_same_model_makes_the_same_calls(start, folder, capsys):
    agent = start(ToolResult(Outcome.ABORTED, 'The door is shut.'))
    agent.run('go to the kitchen')
    agent.run('fly')
    agent.close()
    status, told = replay(capsys, folder)
    assert status == 0
    assert [[call['then']['tool'] for call in task['calls']] for task in told] == [
        ['go_to', 'go_to', 'answer'],
        ['fly', 'decline'],
    ]
    assert {call['difference'] for task in told for call in task['calls']} == {'same'}
    assert [task['status_now'] for task in told] == ['done', 'declined']


def test_another_model_makes_other_calls(start, folder, script, capsys):
    agent = start()
    task, _ = agent.run('go to the kitchen')
    agent.run('fly')
    agent.close()
    other = script.with_name('other.yaml')
    other.write_text(SCRIPT.replace('place: kitchen', 'place: dock'))
    status, [told] = replay(capsys, folder, '--task', task.id, '--model', f'scripted:{other}')
    assert status == 1
    assert told['task'] == task.id
    assert [call['difference'] for call in told['calls']] == ['different arguments', 'same']
    assert told['calls'][0]['now'] == {'tool': 'go_to', 'arguments': {'place': 'dock'}}


def test_what_is_printed(start, folder, script, capsys):
    agent = start()
    agent.run('go to the kitchen')
    agent.close()
    assert main(['replay', str(folder)]) == 0
    text = capsys.readouterr().out
    assert '"go to the kitchen": done then, done now' in text
    assert '  same: go_to {"place": "kitchen"}' in text
    script.write_text(SCRIPT.replace('place: kitchen', 'place: dock'))
    assert main(['replay', str(folder)]) == 1
    out, err = capsys.readouterr()
    assert 'then go_to {"place": "kitchen"}, now go_to {"place": "dock"}' in out
    assert 'is not the file of then' in err


def test_a_replay_has_no_way_to_the_robot(start, folder):
    agent = start()
    agent.run('go to the kitchen')
    agent.close()
    program = (
        'import sys\n'
        'from nemotron_agent.cli.main import main\n'
        'assert main(["replay", sys.argv[1]]) == 0\n'
        'assert "rclpy" not in sys.modules\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', program, str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert 'go_to {"place": "kitchen"}' in done.stdout


def test_verdicts_are_those_of_then(start, folder, capsys):
    class Strict:
        def decide(self, request):
            return Decision(Verdict.DENY, 'the kitchen is closed', {}, 'zone')

        def recheck(self, request, decision):
            return decision

    agent = start(policy=Strict())
    _, result = agent.run('go to the kitchen')
    assert result.answer == 'I may not.'
    agent.close()
    status, [told] = replay(capsys, folder)
    assert status == 0
    assert len(told['calls']) == 2


def test_clamped_calls_are_clamped_again(start, folder, capsys):
    class Clamping:
        def decide(self, request):
            reason = 'the kitchen is far, the dock is near'
            return Decision(Verdict.CLAMP, reason, {'place': 'dock'}, 'far')

        def recheck(self, request, decision):
            return decision

    agent = start(policy=Clamping())
    _, result = agent.run('go to the kitchen')
    assert result.calls[0].result.text == 'the kitchen is far, the dock is near. done'
    agent.close()
    [recorded] = read_tasks(folder)
    assert recorded.calls[0].result.text == 'done'
    assert replay(capsys, folder)[0] == 0


def test_a_task_that_was_cut_short_is_cut_short_again(start, folder, capsys):
    cancel = CancelToken()
    agent = start(
        ToolResult(Outcome.CANCELED, 'Canceled and done.'),
        during_run=lambda context: cancel.cancel(),
    )
    _, result = agent.run('go to the kitchen', cancel)
    assert result.status is TaskStatus.CANCELED
    agent.close()
    status, [told] = replay(capsys, folder)
    assert status == 0
    assert [call['difference'] for call in told['calls']] == ['same']


def test_what_was_said_by_a_phrase_needs_no_model(start, folder, capsys):
    agent = start()
    phrase = {'skill': 'go_to', 'arguments': {'place': 'dock'}}
    agent.run('home!', phrase=phrase)
    agent.close()
    status, [told] = replay(capsys, folder)
    assert status == 0
    assert [call['now']['tool'] for call in told['calls']] == ['go_to', 'answer']


def test_skills_that_could_not_be_called_cannot_be_called(start, folder):
    agent = start()
    agent.run('go to the kitchen', disabled={'go_to': 'battery at least 0.2'})
    agent.close()
    [recorded] = read_tasks(folder)
    model = ListedModel([calls('answer', text='I cannot.')])
    Replay(model).run(recorded)
    assert model.requests[0].withheld == {'go_to'}
    assert model.requests[0].messages[-1].content == (
        'go to the kitchen\n(Cannot be used now: go_to, it needs battery at least 0.2.)'
    )


def test_turns_before_are_there_again(start, folder):
    agent = start()
    agent.run('go to the kitchen')
    agent.run('fly')
    agent.close()
    first, second = read_tasks(folder)
    assert first.new_conversation().turns == []
    [turn] = second.new_conversation().turns
    assert turn[0].content == 'go to the kitchen'


def test_a_real_model_with_a_seed_makes_the_same_calls(folder, tiny_hybrid_path, capsys):
    """Random weights call at random; the same seed must lead to the same calls."""
    parameters = ModelParameters(
        str(tiny_hybrid_path),
        n_ctx=4096,
        reply_protocol='call_only',
        call_temperature=1.0,
        temperature=1.0,
        seed=7,
        max_reply_tokens=64,
        warm_start_mb=0,
    )
    tools = [ListedTool(), ListedTool('look', parameters=PLACE_SCHEMA)]
    agent = RecordedAgent(folder, parameters, tools)
    results = [agent.run('go to the kitchen')[1], agent.run('and now to the dock')[1]]
    agent.close()
    assert all(result.calls for result in results)
    status, told = replay(capsys, folder)
    assert status == 0
    assert [len(task['calls']) for task in told] == [len(result.calls) for result in results]


def test_a_recorded_tool_has_the_other_names_of_its_values(folder, script):
    tool = ListedTool()
    tool.spec = dataclasses.replace(tool.spec, aliases={'kitchen': ('Küche', 'cocina')})
    agent = RecordedAgent(folder, ModelParameters(f'scripted:{script}'), [tool])
    agent.run('go to the kitchen')
    agent.close()
    [task] = read_tasks(folder)
    recorded = next(each for each in task.agent['tools'] if each['name'] == tool.spec.name)
    assert RecordedTool(recorded, task.calls).spec == tool.spec
    del recorded['aliases']  # as in a record of before
    assert not RecordedTool(recorded, task.calls).spec.aliases


def test_a_conversation_goes_on_while_it_is_the_recorded_one(start, folder):
    agent = start()
    agent.run('go to the kitchen')
    agent.run('fly')
    agent.close()
    first, second = read_tasks(folder)

    same = ListedModel([calls('go_to', place='kitchen'), calls('answer', text='There.')] * 2)
    again = Replay(same)
    again.run(first)
    again.run(second)
    assert same.forgotten == ['c1']

    other = ListedModel([calls('answer', text='No.')] * 2)
    again = Replay(other)
    again.run(first)
    again.run(second)
    assert other.forgotten == ['c1', 'c1']
    assert other.requests[1].messages[2].tool_call.name == 'go_to'


def test_no_such_task(start, folder, capsys):
    start().close()
    assert main(['replay', str(folder)]) == 2
    assert 'has no task that began to run' in capsys.readouterr().err
    assert main(['replay', str(folder), '--task', 'abc']) == 2
    assert 'has no task whose id begins with "abc"' in capsys.readouterr().err


def test_a_record_that_lacks_what_a_replay_needs(folder, capsys):
    task = {
        'task': 't1',
        'text': 'go',
        'conversation': 'c1',
        'origin': 'operator',
        'priority': 0,
        'thinking': 'off',
        'timeout_sec': None,
    }
    whole = {'turns': [], 'left_out': {'facts': []}}
    log = AuditLog(folder)
    log.start({'tools': []})
    log.note('task', **task, window=whole)
    log.close()
    assert main(['replay', str(folder)]) == 2
    assert 'does not say how the model of task t1 was loaded' in capsys.readouterr().err

    log = AuditLog(folder)
    log.start({'tools': [], 'model': {'parameters': {'model': 'scripted:none'}}})
    log.note('task', **task, window={'cut_bytes': 3, 'sha256': ''})
    log.close()
    [recorded] = read_tasks(folder)
    with pytest.raises(ConfigurationError, match='its conversation is not in the record'):
        recorded.new_conversation()


def test_a_record_of_an_agent_of_another_kind(start, folder, script, capsys):
    log = AuditLog(folder)
    log.start({'tools': [], 'model': {'parameters': {'model': f'scripted:{script}', 'seed': 0}}})
    log.close()
    agent = start()
    agent.run('go to the kitchen')
    agent.close()
    [recorded] = read_tasks(folder)
    assert recorded.agent['system_prompt'] == 'You are a robot.'

    log = AuditLog(folder)
    log.start({'tools': [], 'model': {'parameters': {'model': f'scripted:{script}', 'seed': 0}}})
    fields = {'task': 't9', 'text': 'go', 'conversation': 'c', 'origin': 'o', 'priority': 0}
    window = {'turns': [], 'left_out': {'facts': []}}
    log.note('task', **fields, thinking='off', timeout_sec=None, window=window)
    log.close()
    assert main(['replay', str(folder), '--task', 't9']) == 2
    assert 'does not say what its agent was made of' in capsys.readouterr().err


def call(name, **arguments):
    return ToolCall('', name, arguments)


def test_calls_are_paired_in_order():
    then = [call('go', x=1), call('look'), call('say', text='a'), call('go', x=2)]
    now = [call('go', x=1), call('say', text='b'), call('go', x=2), call('look')]
    assert [(c.difference, c.then and c.then.name) for c in compare_calls(then, now)] == [
        (Difference.SAME, 'go'),
        (Difference.MISSING, 'look'),
        (Difference.ARGUMENTS, 'say'),
        (Difference.SAME, 'go'),
        (Difference.EXTRA, None),
    ]
    assert compare_calls([], []) == []
    [swapped] = compare_calls([call('go', x=1, y=2)], [call('go', y=2, x=1)])
    assert swapped.difference is Difference.SAME
