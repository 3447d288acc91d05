import json

import pytest

from nemotron_agent.core.chat_model import ReplyProtocol
from nemotron_agent.evaluation.bfcl import SYSTEM_PROMPT, load_bfcl
from nemotron_agent.evaluation.bfcl_answers import Accepted
from nemotron_agent.evaluation.bfcl_records import BfclError
from nemotron_agent.evaluation.body import DryBody
from nemotron_agent.evaluation.conversation_run import ConversationRun
from nemotron_agent.evaluation.score import confusion_of, score_turn
from nemotron_agent.llm.grammar_text import Marker
from nemotron_agent.llm.tool_formats import TOOL_FORMATS
from nemotron_agent.testing.listed_model import ListedModel, calls, says

PUMP = {
    'name': 'pump.set_flow',
    'description': 'Set how much a pump moves.',
    'parameters': {
        'type': 'dict',
        'properties': {
            'pump': {'type': 'string', 'description': 'Which.', 'enum': ['north', 'south']},
            'flow': {'type': 'float', 'description': 'Litres a minute.', 'minimum': 0},
            'minutes': {'type': 'integer', 'description': 'How long.', 'default': 5},
            'valves': {'type': 'tuple', 'items': {'type': 'integer'}, 'description': 'Open ones.'},
            'alarm': {
                'type': 'dict',
                'description': 'When to warn.',
                'properties': {
                    'text': {'type': 'string', 'description': 'What to say.'},
                    'level': {'type': 'float', 'description': 'From here on.'},
                },
                'required': ['level'],
            },
        },
        'required': ['pump', 'flow'],
    },
}
STOP = {'name': 'stop', 'description': 'Stop all pumps.', 'parameters': {'type': 'dict'}}
ASKED = [[{'role': 'user', 'content': 'North pump to 3 litres, warn at 9.'}]]
TRUTH = [
    {
        'pump.set_flow': {
            'pump': ['north'],
            'flow': [3.0],
            'minutes': [5, ''],
            'alarm': [{'level': [9], 'text': ['Too much!', '']}, ''],
        }
    }
]


def case(name='pumps_0', question=ASKED, function=(PUMP, STOP), **more):
    return {'id': name, 'question': question, 'function': function, **more}


def written(folder, cases, answers=None, name='pumps.json'):
    """Write a file of cases, and its answers."""
    lines = [each if isinstance(each, str) else json.dumps(each) for each in cases]
    (folder / name).write_text('\n'.join(lines) + '\n\n')
    if answers is not None:
        (folder / 'possible_answer').mkdir(exist_ok=True)
        lines = [each if isinstance(each, str) else json.dumps(each) for each in answers]
        (folder / 'possible_answer' / name).write_text('\n'.join(lines))
    return folder


def answer(truth=TRUTH, name='pumps_0'):
    return {'id': name, 'ground_truth': truth}


def only_entry(folder):
    (entry,) = load_bfcl(folder).suite.entries
    return entry


def changed(value, path, new):
    """A copy of JSON with another value at a path."""
    copy = json.loads(json.dumps(value))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = new
    return copy


def facts_of(entry, *replies):
    """Hold a conversation of one turn with listed replies."""
    model = ListedModel(replies, ReplyProtocol.NATIVE)
    (facts,) = ConversationRun(entry, 'c', model, DryBody()).run()
    return facts


def held(entry, *replies):
    """Hold a conversation of one turn with listed replies; return its score."""
    return score_turn(entry.case, entry.case.turns[0], facts_of(entry, *replies), entry.robot)


def test_functions_become_tools_of_one_level(tmp_path):
    entry = only_entry(written(tmp_path, [case()], [answer()]))

    pump, stop = entry.robot.specs
    assert entry.robot.name == 'pumps'
    assert entry.robot.system_prompt == SYSTEM_PROMPT
    assert (pump.name, pump.description) == ('pump_set_flow', 'Set how much a pump moves.')
    assert pump.parameters == {
        'type': 'object',
        'properties': {
            'pump': {'type': 'string', 'description': 'Which.', 'enum': ['north', 'south']},
            'flow': {'type': 'number', 'description': 'Litres a minute.', 'minimum': 0},
            'minutes': {'type': 'integer', 'description': 'How long. Default: 5.'},
            'valves': {
                'type': 'array',
                'description': 'Open ones.',
                'items': {'type': 'integer'},
            },
            'alarm_text': {'type': 'string', 'description': 'What to say.'},
            'alarm_level': {'type': 'number', 'description': 'From here on.'},
        },
        'required': ['pump', 'flow'],
        'additionalProperties': False,
    }
    assert stop.parameters['properties'] == {}
    for tool_format in TOOL_FORMATS.values():
        assert tool_format.grammar(entry.robot.specs, Marker('<a>'), Marker('<b>'))


def test_a_case_becomes_a_conversation(tmp_path):
    system = {'role': 'system', 'content': 'The north pump is old.'}
    question = [[system, *ASKED[0], {'role': 'user', 'content': 'Quickly.'}], ASKED[0], ASKED[0]]
    truth = [TRUTH, [*TRUTH, {'stop': {}}], []]
    folder = written(tmp_path, [case(question=question)], [answer(truth)])

    entry = only_entry(folder)

    first, second, third = entry.case.turns
    assert entry.robot.system_prompt == f'{SYSTEM_PROMPT}\n\nThe north pump is old.'
    assert first.say == 'North pump to 3 litres, warn at 9.\nQuickly.'
    assert [turn.tags for turn in entry.case.turns] == [('single',), ('multi',), ('no_tool',)]
    assert [turn.end for turn in entry.case.turns] == ['answer', 'answer', 'any']
    assert [call.tool for call in second.calls] == ['pump_set_flow', 'stop']
    assert second.any_order
    assert third.calls == ()
    assert first.calls[0].arguments == {
        'pump': Accepted(('north',)),
        'flow': Accepted((3.0,)),
        'minutes': Accepted((5, ''), True),
        'alarm_level': Accepted((9,), True),
        'alarm_text': Accepted(('Too much!', ''), True),
    }


@pytest.mark.parametrize(
    ('arguments', 'is_right'),
    [
        ({'alarm_text': 'Too, much!'}, True),
        ({'minutes': 5}, True),
        ({'alarm_level': None, 'alarm_text': None}, True),
        ({'alarm_text': 'never'}, False),
        ({'minutes': 6}, False),
        ({'flow': 3.01}, False),
        ({'valves': [1]}, False),
    ],
)
def test_accepted_answers_are_compared_as_bfcl_does(tmp_path, arguments, is_right):
    entry = only_entry(written(tmp_path, [case()], [answer()]))
    given = {'pump': 'north', 'flow': 3, 'alarm_level': 9.0, 'alarm_text': 'too much!'} | arguments
    given = {name: value for name, value in given.items() if value is not None}

    score = held(entry, calls('pump_set_flow', **given), says('Done.'))

    assert score.tool
    assert score.arguments is is_right, score.problems


def test_calls_may_come_in_any_order(tmp_path):
    entry = only_entry(written(tmp_path, [case()], [answer([*TRUTH, {'stop': {}}])]))
    pump = calls('pump_set_flow', pump='north', flow=3)

    assert held(entry, calls('stop'), pump, says('Done.')).arguments
    assert not held(entry, calls('stop'), says('Done.')).tool


def test_where_nothing_fits_no_function_may_be_called(tmp_path):
    entry = only_entry(written(tmp_path, [case()], name='BFCL_v9_irrelevance.json'))

    for reply in (calls('decline', reason='No.'), says('A pump is a machine.')):
        score = held(entry, reply)
        assert score.abstain and score.right
    score = held(entry, calls('stop'), says('Done.'))
    assert not score.abstain and not score.right
    facts = facts_of(entry, says('A pump is a machine.'))
    assert confusion_of(entry.case.turns[0], facts) == [('(answer)', '(answer)')]


def test_lists_and_mixed_values():
    accepted = Accepted(([1, 'a b'], True, {'x': 1}))
    assert accepted.matches([1.0, 'A-B'])
    assert accepted.matches(True)
    assert not accepted.matches(1)
    assert accepted.matches({'x': 1})
    assert not accepted.matches([1])
    assert str(Accepted((1, 'x'), True)) == '1 or "x" or nothing'


def test_a_folder_holds_several_files(tmp_path):
    written(tmp_path, [case('a'), case('b')], [answer(name='a'), answer(name='b')], 'one.json')
    written(tmp_path, [case('c')], name='irrelevance.jsonl')

    cases = load_bfcl(tmp_path)
    single = load_bfcl(tmp_path / 'irrelevance.jsonl', 'Be brief.').suite

    assert [entry.case.id for entry in cases.suite.entries] == ['c', 'a', 'b']
    assert (cases.suite.name, cases.left_out) == (tmp_path.name, ())
    assert (single.name, single.entries[0].robot.system_prompt) == ('irrelevance', 'Be brief.')
    assert len({entry.digest for entry in cases.suite.entries}) == 3


def with_argument(**schema):
    parameters = {'type': 'dict', 'properties': {'x': schema}}
    return case('odd', function=[{'name': 'f', 'parameters': parameters}])


ASSISTANT = [[{'role': 'assistant', 'content': 'Which?'}, *ASKED[0]]]
TWINS = [{'name': 'a.b', 'parameters': {}}, {'name': 'a_b', 'parameters': {}}]
ALIKE = {
    'type': 'dict',
    'properties': {
        'a_b': {'type': 'string'},
        'a': {'type': 'dict', 'properties': {'b': {'type': 'string'}}},
    },
}
TWO_OBJECTS = [{'pump.set_flow': {'alarm': [{'level': [1]}, {'level': [2]}]}}]
TWO_OBJECTS[0]['pump.set_flow'] |= {'pump': ['north'], 'flow': [1]}


@pytest.mark.parametrize(
    ('odd', 'truth', 'reason'),
    [
        (with_argument(type='dict'), [], 'x is an object of any form'),
        (with_argument(type='any'), [], '"any" is no type of JSON'),
        (with_argument(type='array'), [], 'x is a list of other than plain values'),
        (with_argument(type='array', items={'type': 'dict'}), [], 'x is a list of other than'),
        (case('odd', ASSISTANT), [], 'words of the assistant are part of its question'),
        (case('odd', function=TWINS), [], 'the name "a_b" is taken'),
        (case('odd', function=[{'name': 'answer'}]), [], 'the name "answer" is taken'),
        (
            case('odd', function=[{'name': 'f', 'parameters': ALIKE}]),
            [],
            'f has two arguments of one name',
        ),
        (case('odd'), TWO_OBJECTS, 'alarm may be one of several objects'),
    ],
)
def test_what_cannot_be_held_is_left_out_and_told(tmp_path, odd, truth, reason):
    written(tmp_path, [odd, case()], [answer(), answer(truth, 'odd')])

    cases = load_bfcl(tmp_path)

    assert [entry.case.id for entry in cases.suite.entries] == ['pumps_0']
    (left_out,) = cases.left_out
    assert left_out.startswith('odd: ')
    assert reason in left_out


NO_PUMP = changed(TRUTH, [0, 'pump.set_flow'], {'flow': [3]})


@pytest.mark.parametrize(
    ('cases', 'answers', 'problem'),
    [
        (['{"id'], [], r'pumps.json:1: this is no JSON \(.*\): write one object a line'),
        (['[' * 100000], [], 'pumps.json:1: this is no JSON'),
        (['3'], [], 'pumps.json:1: 3 is no object: write {"id": ...}'),
        ([{'x': 1}], [], 'pumps.json:1: case "": id: this key is missing: add "id": "simple_0"'),
        ([case(7)], [], 'case "7": id: 7 is not as it must be: write "id"'),
        ([case(), case()], [answer()], 'pumps.json:2: case "pumps_0": id: another case has this'),
        ([case()], [answer(name='b')], 'pumps.json:1: case "pumps_0": id: it has no accepted ans'),
        ([{'id': 'a'}], [], 'case "a": function: this key is missing: add "function": '),
        ([{'id': 'a', 'function': []}], [], 'question: this key is missing: add "question": '),
        ([case(question=[])], [answer()], 'question: nothing is asked: write "question"'),
        ([case(question=['x'])], [answer()], r'question\[0\]: "x" is not as it must be: write "q'),
        ([case(question=[['x']])], [answer()], r'question\[0\]\[0\]: "x" is not as it must be'),
        ([case(question=[[{'role': 'user'}]])], [answer()], r'question\[0\]\[0\].content: null'),
        (
            [case(question=[[{'role': 'boss', 'content': 'x'}]])],
            [answer()],
            r'question\[0\]\[0\].role: "boss" is no role: write "user" or "system"',
        ),
        ([case(question=[[]])], [answer()], r'question\[0\]: the user says nothing: write'),
        ([case(function=['x'])], [answer()], r'function\[0\]: "x" is not as it must be'),
        ([case(function=[{}])], [answer()], r'function\[0\].name: null is not as it must be'),
        (
            [case(function=[{'name': 'f', 'parameters': []}])],
            [answer()],
            r'function\[0\].parameters: \[\] is not as it must be',
        ),
        (
            [changed(case(), ['function', 0, 'parameters', 'properties'], 3)],
            [answer()],
            r'function\[0\].parameters.properties: 3 is not as it must be: write {name: schema}',
        ),
        (
            [changed(case(), ['function', 0, 'parameters', 'properties', 'pump'], 3)],
            [answer()],
            r'function\[0\].parameters.properties.pump: 3 is not as it must be',
        ),
        (
            [changed(case(), ['function', 0, 'parameters', 'properties', 'flow', 'type'], 'flot')],
            [answer()],
            'properties.flow.type: "flot" is no type: did you mean float?',
        ),
        (
            [changed(case(), ['function', 0, 'parameters', 'properties', 'pump', 'enum'], [])],
            [answer()],
            'properties.pump.enum: no value is allowed: add one or remove "enum"',
        ),
        ([case()], [{'id': 'pumps_0'}], 'pumps.json:1: case "pumps_0": ground_truth: this key'),
        ([case()], [answer(['f(x=1)'])], r'ground_truth\[0\]: "f\(x=1\)" is code to run, not acc'),
        ([case()], [answer([3])], r'ground_truth\[0\]: 3 is not as it must be'),
        ([case()], [answer([{}])], r'ground_truth\[0\]: 0 functions are named: write'),
        ([case()], [answer([{'stp': {}}])], r'ground_truth\[0\].stp: the case has no such func'),
        ([case()], [answer([{'stop': 3}])], r'ground_truth\[0\].stop: 3 is not as it must be'),
        ([case()], [answer([{'stop': {'x': [1]}}])], r'stop.x: the function has no such argument'),
        ([case()], [answer(NO_PUMP)], r'set_flow: the argument pump is required: add what is acc'),
        (
            [case()],
            [answer(changed(TRUTH, [0, 'pump.set_flow', 'flow'], 3))],
            r'ground_truth\[0\].pump.set_flow.flow: 3 is not as it must be: write \[3\]',
        ),
        (
            [case()],
            [answer(changed(TRUTH, [0, 'pump.set_flow', 'alarm'], [9]))],
            r'pump.set_flow.alarm: 9 is not as it must be: write \[{"argument"',
        ),
        ([case()], [answer([[], []])], 'ground_truth: 2 turns are answered and 1 asked: write a'),
        ([with_argument(type='any')], [answer()], 'no cases, but 1 that cannot be held here'),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_remedy(tmp_path, cases, answers, problem):
    with pytest.raises(BfclError, match=problem):
        load_bfcl(written(tmp_path, cases, answers))


def test_two_files_with_a_case_of_one_id(tmp_path):
    written(tmp_path, [case()], name='a_irrelevance.json')
    written(tmp_path, [case()], name='b_irrelevance.json')

    with pytest.raises(BfclError, match=r'b_irr.*: id: .*a_irr.* has a case of this id, too: ren'):
        load_bfcl(tmp_path)


def test_answers_that_are_missing(tmp_path):
    with pytest.raises(BfclError, match='accepted answers are missing: put them at .*possible_an'):
        load_bfcl(written(tmp_path, [case()]))


def test_a_folder_without_cases(tmp_path):
    with pytest.raises(BfclError, match='no cases: give a folder with files that end in .json'):
        load_bfcl(tmp_path)


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / 'irrelevance.json').write_bytes(b'\xff\xfe')

    with pytest.raises(BfclError, match='cannot read .*irrelevance.json'):
        load_bfcl(tmp_path)


def test_an_empty_file(tmp_path):
    with pytest.raises(BfclError, match='there are no cases: give a file or folder with some'):
        load_bfcl(written(tmp_path, [], name='irrelevance.json'))
