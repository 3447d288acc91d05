import json
import os
import signal
import subprocess
import sys
import textwrap

import psutil
import pytest

from nemotron_agent.cli.main import main
from nemotron_agent.testing.condition import wait_for
from nemotron_agent.testing.listed_endpoint import ListedEndpoint, calls, says

SCRIPT = """
    rules:
      - {match: kitchen, role: user, call: {name: navigate_to, arguments: {place: kitchen}}}
      - {match: light, role: user, call: {name: set_light, arguments: {'on': true}}}
      - {match: fly, role: user, call: {name: decline, arguments: {reason: 'No wings.'}}}
      - {match: ., role: tool, call: {name: answer, arguments: {text: 'It is done.'}}}
"""
SUITE = """
    conversations:
      - id: kitchen
        tags: [single]
        turns:
          - say: Go to the kitchen.
            calls: [navigate_to: {place: kitchen}]
            answer: {contains: done}
      - id: light
        tags: [single]
        turns:
          - say: Switch the light on.
            calls: [set_light: {"on": true}]
      - id: fly
        tags: [no_tool]
        turns:
          - say: Fly away.
            end: decline
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv('NEMOTRON_AGENT_STATE', str(tmp_path / 'state'))
    (tmp_path / 'script.yaml').write_text(textwrap.dedent(SCRIPT))
    (tmp_path / 'suite.yaml').write_text(textwrap.dedent(SUITE))
    return tmp_path


@pytest.fixture
def arguments(folder):
    return ['eval', str(folder / 'suite.yaml'), '--model', f'scripted:{folder / "script.yaml"}']


@pytest.fixture
def run_eval(arguments, capsys):
    def run_eval(*more):
        code = main([*arguments, *more])
        captured = capsys.readouterr()
        return code, captured.out, ' '.join(captured.err.split())

    return run_eval


def figures_of(output):
    return {line['figure']: line for line in map(json.loads, output.splitlines())}


def test_figures_with_goals(run_eval):
    code, output, _ = run_eval('--dry', '--json')
    figures = figures_of(output)
    assert code == 0
    assert figures['eval.tool'] == {
        'figure': 'eval.tool',
        'value': 1.0,
        'unit': 'share',
        'goal': 0.92,
        'holds': True,
    }
    assert list(figures) == [
        *('eval.tool', 'eval.arguments', 'eval.abstain', 'eval.answer'),
        *('eval.crashes', 'eval.unparsed', 'eval.out_of_bounds', 'eval.turns'),
    ]
    assert (figures['eval.turns']['value'], figures['eval.turns']['goal']) == (3, None)


def test_tables_for_people(run_eval, folder):
    script = folder / 'script.yaml'
    script.write_text(script.read_text().replace("'on': true", "'on': false"))
    code, output, _ = run_eval('--dry')
    assert code == 1
    assert 'wrong light (single)' in output
    assert 'set_light.on is false, and should be true' in output
    assert 'no_tool' in output
    assert 'eval.arguments' in output
    assert '>= 0.85' in output


def test_what_was_held_is_not_held_again(run_eval, folder):
    assert '3 conversations, 0 of them held before' in run_eval('--dry')[2]
    log = folder / 'state' / 'evaluation' / 'suite' / 'results.jsonl'
    assert len(log.read_text().splitlines()) == 3
    assert '3 conversations, 3 of them held before' in run_eval('--dry')[2]
    assert len(log.read_text().splitlines()) == 3
    assert '3 conversations, 0 of them held before' in run_eval('--dry', '--fresh')[2]
    assert len(log.read_text().splitlines()) == 6
    assert '6 conversations, 3 of them held before' in run_eval('--dry', '--repeat', '2')[2]


def test_some_of_a_suite(run_eval):
    _, output, _ = run_eval('--dry', '--json', '--only', 'no_tool', 'light')
    assert figures_of(output)['eval.turns']['value'] == 2


def test_a_report(run_eval, folder):
    code, _, said = run_eval('--dry', '--report', str(folder / 'report'))
    assert code == 0
    assert {file.name for file in (folder / 'report').iterdir()} == {
        *('report.html', 'report.md', 'results.jsonl'),
    }
    assert 'report.html' in said


@pytest.fixture
def log(folder):
    return folder / 'state' / 'evaluation' / 'suite' / 'results.jsonl'


@pytest.fixture
def start_slow_run(arguments, folder, log):
    """Start a run of its own that is slow at its second conversation; it has held the first."""
    script = folder / 'script.yaml'
    slow = '  - {match: light, role: user, text: a b c, sec_per_token: 0.5}\n'
    processes = []

    def start(*more):
        script.write_text(script.read_text().replace('rules:\n', f'rules:\n{slow}'))
        process = subprocess.Popen(
            [sys.executable, '-c', RUN_MAIN, *arguments, *more],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ,
        )
        processes.append(process)
        wait_for(
            lambda: (
                process.poll() is not None or (log.is_file() and log.read_bytes().endswith(b'\n'))
            ),
            60,
        )
        assert process.poll() is None
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.parametrize(
    ('stop', 'status'),
    [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130), (signal.SIGTERM, 143)],
)
def test_a_run_that_is_stopped_goes_on(stop, status, start_slow_run, log, run_eval):
    process = start_slow_run('--dry')
    process.send_signal(stop)
    _, error = process.communicate(timeout=30)
    assert process.returncode == status, error
    assert [json.loads(line)['conversation'] for line in log.read_text().splitlines()] == [
        'kitchen'
    ]
    _, output, said = run_eval('--dry', '--json')
    assert '3 conversations, 1 of them held before' in said
    assert figures_of(output)['eval.turns']['value'] == 3
    assert len(log.read_text().splitlines()) == 3


RUN_MAIN = 'import sys; from nemotron_agent.cli.main import main; sys.exit(main())'
WITHOUT_ROS = """
import sys

class NoRos:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('rclpy', 'std_msgs', 'nemotron_agent_interfaces'):
            raise ModuleNotFoundError(f'no {name}', name=name)

sys.meta_path.insert(0, NoRos())
"""


@pytest.mark.parametrize('dry', [True, False])
def test_without_ros(dry, arguments):
    more = ['--dry', '--json'] if dry else []
    done = subprocess.run(
        [sys.executable, '-c', f'{WITHOUT_ROS}\n{RUN_MAIN}', *arguments, *more],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if dry else 2), done.stderr
    if dry:
        assert figures_of(done.stdout)['eval.tool']['value'] == 1.0
    else:
        assert 'is missing: source a ROS 2 installation, or use --dry' in done.stderr


@pytest.mark.ros
def test_on_the_simulated_robot(run_eval, folder):
    pytest.importorskip('rclpy', reason='rclpy is not installed')
    suite = folder / 'suite.yaml'
    state = 'answer: {contains: done}\n        state: {place: kitchen, light: false}'
    suite.write_text(suite.read_text().replace('answer: {contains: done}', state))
    code, output, _ = run_eval('--json', '--report', str(folder / 'report'))
    assert code == 0
    assert figures_of(output)['eval.success.single']['value'] == 1.0
    assert (
        'navigate_to_pose: goal 1 succeeded'
        in (folder / 'report' / 'simulated_robot.log').read_text()
    )


@pytest.mark.ros
@pytest.mark.parametrize('stop', [signal.SIGINT, signal.SIGTERM])
def test_the_simulated_robot_ends_with_the_run(stop, start_slow_run):
    pytest.importorskip('rclpy', reason='rclpy is not installed')
    process = start_slow_run()
    robots = psutil.Process(process.pid).children()
    assert [robot.cmdline()[2] for robot in robots] == ['nemotron_agent.sim.main']
    process.send_signal(stop)
    _, error = process.communicate(timeout=30)
    _, left = psutil.wait_procs(robots, timeout=10)
    for robot in left:
        robot.kill()
    assert not left, error


def test_a_suite_and_skills_of_somebody_else(folder, capsys):
    (folder / 'lamp_skills.yaml').write_text(
        'skills: [{id: set_lamp, description: Set the lamp., interface: topic, datatype: '
        'lamp_msgs/msg/Lamp, parameters: {in: [{name: color, type: string, required: true}]}}]'
    )
    (folder / 'lamp_suite.yaml').write_text(
        'conversations: [{id: red, tags: [single], turns: '
        '[{say: Red., calls: [set_lamp: {color: red}]}]}]'
    )
    (folder / 'lamp_script.yaml').write_text(
        'rules: [{match: Red, role: user, call: {name: set_lamp, arguments: {color: Red}}}, '
        '{match: succeeded, role: tool, call: {name: answer, arguments: {text: Done.}}}]'
    )
    command = ['eval', str(folder / 'lamp_suite.yaml'), '--dry', '--json']
    command += ['--skills', str(folder / 'lamp_skills.yaml')]
    command += ['--model', f'scripted:{folder / "lamp_script.yaml"}']
    assert main(command) == 0
    assert figures_of(capsys.readouterr().out)['eval.arguments']['value'] == 1.0


@pytest.mark.parametrize(
    ('more', 'problem'),
    [
        (['--only', 'kitchn'], '--only: "kitchn" is no conversation and no tag of suite: did you'),
        (['--model', 'no_model'], "there is no model 'no_model'"),
        (['--skills', 'none.yaml'], 'none.yaml: cannot be read (No such file or directory)'),
        (['--system-prompt', 'none.txt'], 'cannot read the system prompt none.txt'),
        (['--against', 'none.jsonl'], 'cannot read the results none.jsonl'),
    ],
)
def test_mistakes(more, problem, run_eval):
    code, _, error = run_eval('--dry', *more)
    assert code == 2
    assert problem in error


def test_a_model_that_cannot_be_read(arguments, capsys):
    memory = 'scripted:/proc/self/mem'  # a file that not even root can read from its beginning
    assert main([*arguments[:2], '--dry', '--model', memory]) == 2
    assert 'cannot read the model /proc/self/mem: ' in capsys.readouterr().err


@pytest.mark.parametrize('number', ['0', 'x'])
def test_repeats_are_counted(number, arguments, capsys):
    with pytest.raises(SystemExit):
        main([*arguments, '--repeat', number])
    assert 'argument --repeat' in capsys.readouterr().err


def test_against_a_log_without_a_server(run_eval, folder):
    run_eval('--dry', '--report', str(folder / 'report'))
    log = folder / 'report' / 'results.jsonl'
    code, _, error = run_eval('--dry', '--against', str(log))
    assert code == 2
    assert 'has no run with --endpoint of all these conversations' in error


def test_the_margin_over_a_server(run_eval, folder):
    run_eval('--dry', '--report', str(folder / 'report'))
    log = folder / 'report' / 'results.jsonl'
    lines = []
    for record in map(json.loads, log.read_text().splitlines()):
        record['settings']['endpoint'] = 'http://localhost:1/v1'
        record['key'] = f'server {record["key"]}'
        if record['conversation'] == 'fly':
            record['turns'][0]['end'] = 'answer'
        lines.append(json.dumps(record))
    log.write_text('\n'.join(lines) + '\n')
    for more in (['--report', str(folder / 'report')], ['--against', str(log)]):
        figures = figures_of(run_eval('--dry', '--json', *more)[1])
        assert figures['eval.server_margin']['value'] == pytest.approx(1 / 3)
        assert figures['eval.server_margin']['holds']


def test_a_model_at_an_endpoint_and_the_margin_over_it(run_eval, folder):
    report = ['--dry', '--json', '--report', str(folder / 'report')]
    answers = [
        calls(('navigate_to', {'place': 'kitchen'})),
        says('It is done.'),
        says('{{"name": "set_light"}}'),
        calls(('decline', {'reason': 'No wings.'})),
    ]
    with ListedEndpoint(answers) as endpoint:
        code, output, _ = run_eval(*report, '--endpoint', endpoint.url)
        assert [body['tool_choice'] for body in endpoint.bodies] == ['auto'] * 4
        assert (code, figures_of(output)['eval.tool']['value']) == (1, pytest.approx(2 / 3))
        assert 'eval.server_margin' not in figures_of(output)
        endpoint.answers = answers
        run_eval(*report, '--endpoint', endpoint.url, '--reply-protocol', 'call_only')
        assert endpoint.bodies[-1]['tool_choice'] == 'required'
    code, output, _ = run_eval(*report)
    assert figures_of(output)['eval.server_margin']['value'] > 0.3


def test_an_endpoint_that_is_not_there(run_eval):
    code, _, error = run_eval('--dry', '--endpoint', 'http://127.0.0.1:9/v1')
    assert code == 2
    assert 'is the server running' in error


@pytest.fixture
def bfcl(folder):
    """Eight cases of which seven cannot be held; return the arguments."""
    answers = folder / 'bfcl' / 'possible_answer'
    answers.mkdir(parents=True)
    function = {
        'name': 'weather',
        'description': 'Weather.',
        'parameters': {'type': 'dict', 'properties': {'city': {'type': 'string'}}},
    }
    said = [{'role': 'user', 'content': 'Weather in Paris?'}]
    spoken = [*said, {'role': 'assistant', 'content': 'Sunny.'}]
    cases = [
        {'id': f'simple_{n}', 'question': [spoken if n else said], 'function': [function]}
        for n in range(8)
    ]
    truths = [
        {'id': case['id'], 'ground_truth': [{'weather': {'city': ['Paris']}}]} for case in cases
    ]
    for path, lines in ((folder / 'bfcl', cases), (answers, truths)):
        (path / 'BFCL_v4_simple.json').write_text('\n'.join(map(json.dumps, lines)))
    (folder / 'script.yaml').write_text(
        'rules: [{match: Paris, role: user, call: {name: weather, arguments: {city: paris}}}, '
        '{match: succeeded, role: tool, call: {name: answer, arguments: {text: Sunny.}}}]'
    )
    model = f'scripted:{folder / "script.yaml"}'
    return ['eval', str(folder / 'bfcl'), '--format', 'bfcl', '--model', model]


def test_public_cases_are_held_dry(bfcl, capsys):
    assert main([*bfcl, '--json']) == 0
    said = capsys.readouterr()
    assert figures_of(said.out)['eval.arguments']['value'] == 1.0
    assert said.err.count('left out: simple_') == 5
    assert '7 cases are left out in all' in said.err


@pytest.mark.parametrize('option', ['--skills', '--places'])
def test_public_cases_bring_their_functions(option, bfcl, capsys):
    assert main([*bfcl, option, 'x.yaml']) == 2
    assert f'{option} is of no use with --format bfcl' in capsys.readouterr().err


def test_public_cases_with_another_prompt(bfcl, folder, capsys):
    (folder / 'prompt.txt').write_text('Call functions.')
    main(bfcl)
    assert main([*bfcl, '--system-prompt', str(folder / 'prompt.txt')]) == 0
    assert '1 conversations, 0 of them held before' in capsys.readouterr().err.splitlines()[-1]
