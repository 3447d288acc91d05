import contextlib

import pytest

from nemotron_agent.cli.benches import switch, turns
from nemotron_agent.cli.benches.dialogue import Dialogues
from nemotron_agent.cli.benches.shipped import COMMANDS, system_message
from nemotron_agent.cli.benches.sides.llama import LlamaSide
from nemotron_agent.cli.benches.sides.ours import OurSide
from nemotron_agent.cli.benches.sides.server import ServerProcess, ServerSide
from nemotron_agent.core.errors import EvaluationError
from nemotron_agent.core.messages import Message


def figures_of(figures):
    return {figure.figure: figure for figure in figures}


def converse(side, *, thinking=False):
    with contextlib.closing(side):
        dialogues = Dialogues(side)
        for command in COMMANDS[:2]:
            dialogues.give('one', command, thinking=thinking)
    return dialogues


def test_our_turns_evaluate_only_what_is_new(tiny):
    assert tiny.label == 'hybrid'
    assert tiny.thinks
    assert not tiny.is_trained
    assert converse(OurSide(tiny.parameters)).later_ratio == 1
    assert converse(OurSide(tiny.parameters), thinking=True).later_ratio <= 1.1


def test_llama_reads_a_hybrids_prompt_again_when_reasoning_was_cut(tiny):
    dialogues = converse(LlamaSide(tiny.path, 16384), thinking=True)
    first, *later = dialogues.costs
    assert first.new_tokens == first.fresh_tokens == len(first.prompt)
    assert any(cost.new_tokens == len(cost.prompt) for cost in later)
    assert dialogues.later_ratio > 5


def test_the_server_says_what_it_evaluated(tiny):
    pytest.importorskip('xllamacpp')
    dialogues = converse(ServerSide(tiny.path, 16384, 1))
    first, *later = dialogues.costs
    assert first.new_tokens == len(first.prompt)
    assert all(0 < cost.fresh_tokens <= cost.new_tokens < 500 for cost in later)


@pytest.mark.parametrize('thinking', [False, True])
def test_all_sides_read_the_same_first_prompt(tiny, thinking):
    pytest.importorskip('xllamacpp')
    prompts = {}
    for name, make in tiny.side_makers().items():
        with contextlib.closing(make()) as side:
            messages = (system_message(), Message('user', 'Go.'))
            prompts[name] = list(side.reply('one', messages, thinking=thinking).prompt)
    assert list(prompts) == ['ours', 'llama', 'server']
    assert prompts['ours'] == prompts['llama'] == prompts['server']


def test_turns_and_switches_of_every_side_are_figures(tiny, progress):
    pytest.importorskip('xllamacpp')
    figures = figures_of(turns.of_subject(tiny, progress, COMMANDS[:1]))
    ours = figures['turns.ratio.hybrid.thinking_on']
    theirs = figures['turns.ratio.llama.hybrid.thinking_on']
    assert (theirs.goal, theirs.at_least, theirs.holds) == (ours.value, True, True)
    assert 'turns.ratio.server.hybrid.thinking_off' in figures
    figures = figures_of(switch.of_subject(tiny, progress, rounds=1))
    assert figures['switch.new_conversation_prefix_tokens'].value == 0
    assert figures['switch.new_conversation_prefix_tokens.llama.hybrid'].value > 4000
    assert 'switch.ratio.server.hybrid' in figures


def test_a_server_that_does_not_start_is_an_error(tmp_path):
    pytest.importorskip('xllamacpp')
    with pytest.raises(EvaluationError, match='server does not start'):
        ServerProcess(tmp_path / 'none.gguf', 512, 1)


def test_a_server_that_refuses_is_an_error(tiny):
    pytest.importorskip('xllamacpp')
    with contextlib.closing(ServerProcess(tiny.path, 512, 1)) as process:
        with pytest.raises(EvaluationError, match='server refuses /nowhere'):
            process.post('/nowhere', {})
