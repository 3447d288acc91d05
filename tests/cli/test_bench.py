import importlib
import io
import json
import sys

import pytest
from rich.console import Console

from nemotron_agent.cli.bench import BENCHES, EPILOG
from nemotron_agent.cli.benches.figure import Figure, exit_status
from nemotron_agent.cli.benches.machine import description
from nemotron_agent.cli.benches.progress import Progress
from nemotron_agent.cli.benches.subject import label_of
from nemotron_agent.cli.main import main


@pytest.mark.parametrize(
    ('goal', 'at_least', 'holds', 'text'),
    [
        (2.0, False, True, '<= 2'),
        (1.0, False, False, '<= 1'),
        (2.0, True, False, '>= 2'),
        (1.0, True, True, '>= 1'),
        (None, False, None, ''),
    ],
)
def test_a_figure_is_a_line_that_says_whether_its_goal_is_reached(goal, at_least, holds, text):
    figure = Figure('a.b', 1.5, 's', goal, at_least)
    line = json.loads(figure.to_json())
    assert line == {'figure': 'a.b', 'value': 1.5, 'unit': 's', 'goal': goal, 'holds': holds}
    assert figure.goal_text == text


@pytest.mark.parametrize(('value', 'holds'), [(0.04, True), (-0.04, True), (-0.06, False)])
def test_a_goal_may_count_either_way(value, holds):
    figure = Figure('a.b', value, '', 0.05, either_way=True)
    assert figure.holds is holds
    assert figure.goal_text == '+- 0.05'
    assert set(json.loads(figure.to_json())) == {'figure', 'value', 'unit', 'goal', 'holds'}


def test_a_missed_goal_is_an_exit_status():
    reached, missed, without = Figure('a', 1, 's', 2), Figure('b', 3, 's', 2), Figure('c', 3, 's')
    assert exit_status([reached, without]) == 0
    assert exit_status([reached, missed]) == 1


@pytest.mark.parametrize('name', BENCHES)
def test_every_bench_has_its_module_and_is_explained(name):
    module = importlib.import_module(f'nemotron_agent.cli.benches.{name.replace("-", "_")}')
    assert callable(module.figures)
    assert f'\n  {name} ' in EPILOG


@pytest.mark.parametrize(
    ('name', 'is_hybrid', 'label'),
    [
        ('nano', True, 'hybrid'),
        ('qwen2.5-coder', False, 'qwen'),
        ('SmolLM2-135M', False, 'smollm2'),
        ('3b', False, '3b'),
    ],
)
def test_figures_call_a_model_by_its_family(name, is_hybrid, label):
    assert label_of(name, is_hybrid) == label


def test_the_machine_is_described():
    processor, versions, time, command = description()
    assert 'cores' in processor
    assert 'llama-cpp-python' in versions
    assert time.endswith('UTC')
    assert command.startswith('nemotron-agent')


@pytest.mark.parametrize('is_terminal', [True, False])
def test_progress_is_a_line_that_changes_or_one_for_each_step(is_terminal):
    out = io.StringIO()
    with Progress(Console(file=out, force_terminal=is_terminal)) as progress:
        progress.step('reading')
        progress.count(1, 3)
        progress.note('something stays')
    assert 'something stays\n' in out.getvalue()
    assert ('reading\n' in out.getvalue()) is not is_terminal


def test_the_command_prints_a_line_for_each_figure(tiny_hybrid_path, capsys):
    code = main(['bench', 'warm-start', '--model', str(tiny_hybrid_path), '--json'])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == any(line['holds'] is False for line in lines)
    assert {tuple(line) for line in lines} == {('figure', 'value', 'unit', 'goal', 'holds')}
    figures = {line['figure']: line for line in lines}
    assert figures['warm_start.prefix_tokens']['value'] == 0
    assert figures['warm_start.load_vs_prefill.hybrid']['unit'] == 'load/prefill'


def test_the_command_prints_a_table_under_the_machine(tiny_hybrid_path, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '120')
    monkeypatch.setitem(sys.modules, 'xllamacpp', None)  # as where it is not installed
    main(['bench', 'warm-start', '--model', str(tiny_hybrid_path)])
    printed = capsys.readouterr()
    assert 'llama-cpp-python' in printed.out
    assert 'warm_start.prefix_tokens' in printed.out
    assert 'pip install -r requirements/bench.txt' in printed.err


def test_a_model_that_is_not_there_is_an_error(capsys, tmp_path):
    assert main(['bench', 'turns', '--model', str(tmp_path / 'none.gguf')]) == 2
    assert 'none.gguf' in capsys.readouterr().err
