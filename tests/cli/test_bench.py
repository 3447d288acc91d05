import json

import pytest

from nemotron_agent.cli.benches import turns
from nemotron_agent.cli.benches.figure import Figure
from nemotron_agent.testing.listed_model import ListedModel, calls


@pytest.mark.parametrize(('goal', 'holds'), [(2.0, True), (1.0, False), (None, None)])
def test_a_figure_holds_up_to_its_goal(goal, holds):
    line = json.loads(Figure('a.b', 1.5, 's', goal).to_json())
    assert line == {'figure': 'a.b', 'value': 1.5, 'unit': 's', 'goal': goal, 'holds': holds}


def test_turns_counts_what_was_evaluated():
    model = ListedModel([calls('answer', text='Yes.') for _ in turns.COMMANDS])
    values = {figure.figure: figure.value for figure in turns.figures(model)}
    assert len(model.requests) == len(turns.COMMANDS)
    assert values['turns.first_prompt_tokens.listed'] == 6
    assert values['turns.new_tokens_per_reply.listed'] == 6
    assert values['turns.decode_calls_per_token.listed'] == 1.0
