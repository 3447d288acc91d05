"""A model that knows what is expected gets all of it right, so no expectation is out of reach."""

import pytest

from nemotron_agent.evaluation.body import DryBody
from nemotron_agent.evaluation.conversation_run import ConversationRun
from nemotron_agent.evaluation.matchers import AnyOf, Contains, Equal
from nemotron_agent.evaluation.score import score_turn
from nemotron_agent.evaluation.suite import load_suite, suite_names
from nemotron_agent.testing.listed_model import ListedModel, calls

ENDS = {
    'any': ('answer', 'text'),
    'answer': ('answer', 'text'),
    'ask': ('ask_operator', 'question'),
    'decline': ('decline', 'reason'),
    'ask_or_decline': ('decline', 'reason'),
}
EXAMPLES = {'string': 'anything', 'number': 1.0, 'integer': 1, 'boolean': True}


def value_of(matcher, schema):
    if isinstance(matcher, Equal):
        return matcher.value
    if isinstance(matcher, AnyOf):
        return matcher.values[-1]
    if isinstance(matcher, Contains):
        return ' '.join(matcher.texts)
    return schema['enum'][0] if 'enum' in schema else EXAMPLES[schema['type']]


def replies_to(turn, robot):
    for call in turn.calls:
        schemas = robot.spec(call.tool).parameters['properties']
        arguments = {name: value_of(m, schemas[name]) for name, m in call.arguments.items()}
        yield calls(call.tool, **arguments)
        if turn.interrupt:
            return
    name, parameter = ENDS[turn.end]
    said = ' '.join(turn.answer.contains) if turn.answer else 'Well.'
    yield calls(name, **{parameter: said})


@pytest.mark.parametrize('name', suite_names())
def test_every_expectation_can_be_met(name):
    body = DryBody()
    for entry in load_suite(name).entries:
        turns = entry.case.turns
        model = ListedModel([reply for turn in turns for reply in replies_to(turn, entry.robot)])
        facts = ConversationRun(entry, entry.case.id, model, body).run()
        for turn, each in zip(turns, facts, strict=True):
            score = score_turn(entry.case, turn, each, entry.robot)
            assert score.problems == (), f'{entry.case.id}: {turn.say}'
