import dataclasses

import pytest

from nemotron_agent.core.errors import ConfigurationError, DocumentError
from nemotron_agent.evaluation.robot import RobotFiles
from nemotron_agent.evaluation.suite import load_suite, suite_names

from .lamp_robot import SKILLS, case, turn

RED = {'set_lamp': {'color': 'red'}}


def test_a_suite_for_another_robot(load):
    suite = load(
        case(turn('Red, please.', calls=[RED]), id='red'),
        case(
            turn('Beep.', calls=['beep']), turn('Again.', calls=[{'beep': None}], tags=['multi'])
        ),
    )
    robot = suite.entries[0].robot
    assert (suite.name, robot.name) == ('suite', 'lamp')
    assert [spec.name for spec in robot.specs] == ['set_lamp', 'beep', 'say', 'go']
    second = suite.entries[1].case
    assert [second.tags_of(each) for each in second.turns] == [('single',), ('multi',)]
    assert second.turns[0].calls == second.turns[1].calls


def test_shipped_suites_have_names():
    assert {'train'} <= set(suite_names())
    assert 'robots' not in suite_names()


def test_a_folder_of_files_is_one_suite(write_suite, tmp_path):
    write_suite(case(turn(), id='a'), name='a.yaml')
    write_suite(case(turn(), id='b'), name='b.yaml')
    assert [e.case.id for e in load_suite(str(tmp_path)).entries] == ['a', 'b']
    write_suite(case(turn(), id='a'), name='b.yaml')
    with pytest.raises(
        ConfigurationError,
        match=r'b.yaml:\d+: conversation "a": id: another conversation of the suite has this id',
    ):
        load_suite(str(tmp_path))


def test_skills_by_path_alone(write_suite, tmp_path):
    path = write_suite(case(turn(calls=[RED])), robot=None)
    path.write_text(path.read_text().replace('robot: null\n', ''))
    files = RobotFiles(tmp_path / 'lamp' / 'skills.yaml')
    robot = load_suite(str(path), files).entries[0].robot
    assert (robot.name, robot.world_file) == ('skills', tmp_path / 'lamp' / 'world.yaml')


def test_only_some(load):
    suite = load(
        case(turn(), id='a'),
        case(turn(), turn(tags=['multi', 'german']), id='b'),
        case(turn(), id='c', tags=['german']),
    )
    assert suite.only([]) is suite
    assert [e.case.id for e in suite.only(['german']).entries] == ['b', 'c']
    assert [e.case.id for e in suite.only(['a', 'multi']).entries] == ['a', 'b']
    with pytest.raises(ConfigurationError, match='--only: "germn" is no conversation and no tag'):
        suite.only(['germn'])


def test_digests_change_with_what_is_said(load):
    one, same, other = (load(case(turn(text))) for text in ('a', 'a', 'b'))
    assert one.digest == same.digest != other.digest


def test_the_digest_of_a_robot_changes_with_its_skills(load, tmp_path):
    before = load(case(turn())).entries[0].robot.digest
    skills = tmp_path / 'lamp' / 'skills.yaml'
    skills.write_text(SKILLS.replace('Set the lamp.', 'Set the lamp quickly.'))
    assert load(case(turn())).entries[0].robot.digest != before


@pytest.mark.parametrize(
    ('file', 'old', 'new'),
    [
        ('skills.yaml', '[red, green, blue]', '[red, green, blue], also: {red: [rot]}'),
        ('places.yaml', 'desk: {x: 0.0,', 'desk: {also: [Tisch], x: 0.0,'),
    ],
)
def test_the_digest_of_a_robot_changes_with_other_names(load, tmp_path, file, old, new):
    before = load(case(turn())).entries[0].robot
    path = tmp_path / 'lamp' / file
    path.write_text(path.read_text().replace(old, new))
    after = load(case(turn())).entries[0].robot
    assert after.digest != before.digest
    assert [spec.parameters for spec in after.specs] == [s.parameters for s in before.specs]


def test_the_digest_of_tools_without_a_manifest_changes_with_other_names(load):
    robot = dataclasses.replace(load(case(turn())).entries[0].robot, manifest=None)
    named = dataclasses.replace(robot.specs[0], aliases={'red': ('rot',)})
    assert dataclasses.replace(robot, specs=(named, *robot.specs[1:])).digest != robot.digest


@pytest.mark.parametrize(
    ('conversation', 'problem'),
    [
        (case(), 'turns: [] is empty: add a value'),
        (case(turn(), tags=[]), 'tags: [] is empty: add a value'),
        (case(turn(), tag=[]), 'tag: this key is not known: did you mean tags?'),
        (case(turn(), tags=['singel']), 'tags[0]: there is no tag "singel": did you mean single?'),
        (case({'calls': []}), 'turns[0].say: this key is missing: add it'),
        (case(turn(ends='ask')), 'turns[0].ends: this key is not known: did you mean end?'),
        (
            case(turn(end='asks')),
            'turns[0].end: "asks" is not one of the values: did you mean ask?',
        ),
        (case(turn(tags=['x'])), 'turns[0].tags[0]: there is no tag "x"'),
        (
            case(turn(calls=['bep'])),
            'turns[0].calls[0]: there is no skill "bep": did you mean beep?',
        ),
        (
            case(turn(or_calls=[['bep']])),
            'turns[0].or_calls[0][0]: there is no skill "bep": did you mean beep?',
        ),
        (case(turn(never=['bep'])), 'turns[0].never[0]: there is no skill "bep"'),
        (case(turn(), results={'bep': 'x'}), 'results.bep: there is no skill "bep"'),
        (
            case(turn(), results={'beep': {'fail': 'x'}}),
            'results.beep: {"fail": "x"} is no result: write a text, {failed: text}',
        ),
        (
            case(turn(), results={'beep': [1]}),
            'results.beep: 1 is no result: write a text, {failed: text}, or a list of them',
        ),
        (
            case(turn(calls=[7])),
            'turns[0].calls[0]: 7 is no call: write such as navigate_to: {place: kitchen}',
        ),
        (
            case(turn(calls=[{'beep': 7}])),
            'turns[0].calls[0].beep: 7 are no arguments: write {name: value}',
        ),
        (
            case(turn(calls=[{'set_lamp': {'color': 'red', True: 1}}])),
            'turns[0].calls[0].set_lamp: Input should be a valid string',
        ),
        (
            case(turn(calls=[{'set_lamp': {'colour': 'red'}}])),
            'turns[0].calls[0].set_lamp.colour: set_lamp has no argument "colour": '
            'did you mean color?',
        ),
        (
            case(turn(calls=['set_lamp'])),
            'turns[0].calls[0]: the argument "color" is required and not expected: '
            'add color, or color: {any: true}',
        ),
        (
            case(turn(calls=[{'set_lamp': {'color': 'pink'}}])),
            'turns[0].calls[0].set_lamp.color: "pink" does not fit: '
            "'pink' is not one of ['red', 'green', 'blue']: correct it",
        ),
        (
            case(turn(calls=[{'set_lamp': {'color': {'any_of': ['red', 'pink']}}}])),
            'turns[0].calls[0].set_lamp.color: "pink" does not fit',
        ),
        (
            case(turn(calls=[{'set_lamp': {'color': 'red', 'brightness': {'contains': '5'}}}])),
            'turns[0].calls[0].set_lamp.brightness: "contains" is for texts, and this is of '
            'type integer',
        ),
        (
            case(turn(calls=[{'set_lamp': {'color': {'any_of': []}}}])),
            'turns[0].calls[0].set_lamp.color.any_of: [] is no list of values',
        ),
        (
            case(turn(), deny=[{'tool': 'beep', 'arguments': {'x': 1}, 'reason': 'quiet'}]),
            'deny[0].arguments.x: beep has no argument "x": remove it',
        ),
        (
            case(turn(), deny=[{'tool': 'bep', 'reason': 'quiet'}]),
            'deny[0].tool: there is no skill "bep"',
        ),
        (
            case(turn(answer={'contains': 4})),
            'turns[0].answer.contains: 4 is no text: write a text or a list of texts',
        ),
        (
            case(turn(interrupt=True)),
            'turns[0].interrupt: no skill is expected to run: add the call to "calls"',
        ),
        (
            case(turn(), start={'place': 'dsk'}),
            'start.place: there is no place "dsk": did you mean desk?',
        ),
        (
            case(turn(), start={'holding': 'bal'}),
            'start.holding: there is no object "bal": did you mean ball?',
        ),
        (
            case(turn(), start={'holding': 'wall'}),
            'start.holding: "wall" cannot be held: hold what is graspable',
        ),
        (
            case(turn(state={'place': 'dsk'})),
            'turns[0].state.place: there is no place "dsk": did you mean desk?',
        ),
        (
            case(turn(state={'holding': {'any_of': ['bal', None]}})),
            'turns[0].state.holding: there is no object "bal": did you mean ball?',
        ),
        (
            case(turn(state={'hold': None})),
            'turns[0].state.hold: this key is not known: did you mean holding?',
        ),
    ],
)
def test_every_mistake_is_named(conversation, problem, write_suite):
    path = write_suite(conversation)
    with pytest.raises(ConfigurationError) as caught:
        load_suite(str(path))
    where, _, rest = str(caught.value).splitlines()[0].partition(': conversation "c1": ')
    assert where.startswith(f'{path}:')
    assert rest.startswith(problem)


def test_many_mistakes_are_cut(write_suite):
    path = write_suite(*(case(turn(), tags=['x']) for _ in range(12)))
    with pytest.raises(ConfigurationError) as caught:
        load_suite(str(path))
    lines = str(caught.value).splitlines()
    assert (len(lines), lines[-1]) == (11, '... and 2 more')


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('- a', 'this is no suite: begin with "conversations:"'),
        ('conversations: []', 'conversations: [] is empty: add a value'),
        ('robots: x\nconversations: []', 'robots: this key is not known: did you mean robot?'),
        ('conversations: [7]', 'conversation number 1: 7 has no keys'),
        ('conversations: [{tags: [single]}]', 'conversation number 1: id: this key is missing'),
    ],
)
def test_what_is_no_suite(text, problem, tmp_path):
    path = tmp_path / 'suite.yaml'
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r'suite.yaml:\d+: ') as caught:
        load_suite(str(path))
    assert problem in str(caught.value)


def test_a_suite_that_is_not_there(tmp_path):
    with pytest.raises(ConfigurationError, match='there is no suite "tst": give a file, a folder'):
        load_suite('tst')
    with pytest.raises(ConfigurationError, match='there is no suite in this folder'):
        load_suite(str(tmp_path))


def test_a_robot_that_is_not_there(write_suite):
    path = write_suite(case(turn()), robot='moon')
    with pytest.raises(ConfigurationError, match='moon is no folder: correct "robot"'):
        load_suite(str(path))


@pytest.mark.parametrize(
    ('content', 'problem'), [(None, 'cannot read the system prompt'), (' ', 'is empty: write one')]
)
def test_a_prompt_that_cannot_be_used(content, problem, load, tmp_path):
    prompt = tmp_path / 'prompt.txt'
    if content:
        prompt.write_text(content)
    with pytest.raises(ConfigurationError, match=problem):
        load(case(turn()), system_prompt=prompt)


def test_a_prompt_of_the_robot_and_one_given(load, tmp_path):
    (tmp_path / 'lamp' / 'system_prompt.txt').write_text('You are a lamp.\n')
    (tmp_path / 'other.txt').write_text('You are not.\n')
    assert load(case(turn())).entries[0].robot.system_prompt == 'You are a lamp.'
    other = load(case(turn()), system_prompt=tmp_path / 'other.txt')
    assert other.entries[0].robot.system_prompt == 'You are not.'


def test_arguments_of_a_ros_type_need_ros(load, tmp_path):
    skills = tmp_path / 'lamp' / 'skills.yaml'
    skills.write_text(
        'skills: [{id: beep, description: Beep., interface: service, datatype: a/srv/Beep}]'
    )
    with pytest.raises(DocumentError, match='which a dry run does not load: declare them'):
        load(case(turn()))
