import json

import pytest

from nemotron_agent.cli.bench import label_of
from nemotron_agent.cli.benches import turns
from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.cli.main import main
from nemotron_agent.llm.engine_parameters import EngineParameters
from nemotron_agent.llm.llama_worker import LlamaWorker


@pytest.mark.parametrize(('goal', 'holds'), [(2.0, True), (1.0, False), (None, None)])
def test_a_figure_holds_up_to_its_goal(goal, holds):
    line = json.loads(Figure('a.b', 1.5, 's', goal).to_json())
    assert line == {'figure': 'a.b', 'value': 1.5, 'unit': 's', 'goal': goal, 'holds': holds}


@pytest.fixture
def run_bench(tiny_hybrid_path, capsys):
    def run(*arguments):
        code = main(['bench', *arguments, '--model', str(tiny_hybrid_path), '--n-ctx', '16384'])
        return code, capsys.readouterr().out

    return run


def figures_of(output):
    return {line['figure']: line for line in map(json.loads, output.splitlines())}


def test_turns_of_a_hybrid_evaluate_only_what_is_new(tiny_hybrid_path):
    parameters = EngineParameters(
        tiny_hybrid_path,
        n_ctx=16384,
        n_threads=1,
        reply_protocol='call_only',
        max_thinking_tokens=16,
    )
    worker = LlamaWorker(parameters)
    figures = {f.figure: f for f in turns.figures(worker, 'hybrid', turns.COMMANDS[:4])}
    worker.close()
    assert figures['turns.ratio.hybrid.thinking_off'].value <= 1.02
    assert figures['turns.ratio.hybrid.thinking_on'].value <= 1.1
    assert figures['turns.first_prompt_tokens.hybrid'].value > 1000


def test_switching_among_conversations_costs_only_what_is_new(run_bench):
    code, output = run_bench('switch', '--reply-protocol', 'call_only', '--json')
    figures = figures_of(output)
    assert code == 0
    assert figures['switch.ratio.hybrid']['holds']
    assert figures['switch.new_conversation_prefix_tokens']['value'] == 0


@pytest.mark.parametrize(
    ('name', 'is_hybrid', 'label'),
    [('nano', True, 'hybrid'), ('qwen2.5-coder', False, 'qwen'), ('3b', False, '3b')],
)
def test_figures_call_a_model_by_its_family(name, is_hybrid, label):
    assert label_of(name, is_hybrid) == label
