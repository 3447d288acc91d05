"""The examples of docs/evaluation.md."""

import json
import re
from pathlib import Path

import pytest

from nemotron_agent.cli.main import main
from nemotron_agent.evaluation.case import TAGS, Case, Turn
from nemotron_agent.evaluation.matchers import FORMS

DOCUMENT = Path(__file__).parents[2] / 'docs' / 'evaluation.md'
SCRIPT = """
rules:
  - {match: Make it red|Red light, role: user, call: {name: set_lamp, arguments: {color: red}}}
  - {match: Dim, role: user, call: {name: set_lamp, arguments: {color: blue, brightness: 22}}}
  - {match: blue at 22, role: tool, call: {name: beep}}
  - {match: red at 100|broken|night, role: tool, call: {name: answer, arguments: {text: Done.}}}
  - {match: colour, role: user, call: {name: answer, arguments: {text: It is blue.}}}
  - {match: Fly, role: user, call: {name: decline, arguments: {reason: No wings.}}}
"""


@pytest.fixture
def text():
    return DOCUMENT.read_text(encoding='utf-8')


def test_the_example_runs_by_path_alone(text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('XDG_STATE_HOME', str(tmp_path))
    for block in re.findall(r'```yaml\n(.*?)```', text, re.DOTALL):
        name = re.match(r'# (\S+)\n', block).group(1)
        Path(name).write_text(block, encoding='utf-8')
    Path('script.yaml').write_text(SCRIPT, encoding='utf-8')
    command = re.search(r'nemotron-agent (eval lamp_suite.*)', text).group(1).split()
    assert main([*command, '--model', 'scripted:script.yaml', '--json']) == 0
    figures = {
        line['figure']: line['value']
        for line in map(json.loads, capsys.readouterr().out.splitlines())
    }
    assert (figures['eval.arguments'], figures['eval.turns']) == (1.0, 5)


@pytest.mark.parametrize('words', [Turn.model_fields, Case.model_fields, TAGS, FORMS])
def test_every_key_is_explained(words, text):
    for word in words:
        assert re.search(rf'`[^`\n]*\b{word}\b[^`\n]*`', text), word
