from pathlib import Path

import pytest

from nemotron_agent.core.errors import DocumentError
from nemotron_agent.core.yaml_document import YamlDocument
from nemotron_agent.skills.manifest import load_manifest, read_manifest
from nemotron_agent.skills.places import Places

CONFIG = Path(__file__).parents[2] / 'config'
PLACES = Places.model_validate(
    {'places': {'kitchen': {'x': 4, 'y': 1}, 'dock': {'x': 0, 'y': 0, 'yaw': 0}}}
)

BASE = """\
skills:
  - id: drive
    version: 1.0.0
    description: Drive by a distance.
    interface: action
    datatype: pkg/action/Drive
    default_interface_path: drive
    parameters:
      in:
        - name: distance
          type: float
          required: true
          minimum: 0.1
          maximum: 5
        - name: direction
          type: string
          required: true
          enum: [forward, backward]
    request:
      target.x:
        argument: distance
        factor_by: {argument: direction, values: {forward: 1, backward: -1}}
    result:
      success_when: {reached: true}
      success: Drove {{ result.way }} of {{ arguments.distance }}.
    timeout_sec: 60
  - id: go
    version: 1.0.0
    description: Go to a place.
    interface: action
    datatype: pkg/action/Go
    parameters:
      in:
        - {name: place, type: string, enum: places, default: kitchen}
    request:
      pose: {place: place}
      mode: careful
  - id: battery
    version: 1.0.0
    description: Read the battery.
    interface: topic
    access: read
    datatype: pkg/msg/Battery
  - id: light
    version: 1.0.0
    description: Switch the light.
    interface: service
    datatype: pkg/srv/Light
    parameters:
      in:
        - {name: bright, type: integer, default: 3, description: How bright.}
"""


def read(text: str, places: Places = PLACES):
    return read_manifest(YamlDocument(text, 's.yaml'), places)


def error_of(text: str, places: Places = PLACES) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        read(text, places)
    return str(caught.value).splitlines()


def changed(old: str, new: str) -> str:
    assert old in BASE
    return BASE.replace(old, new, 1)


def test_a_manifest():
    drive, go, battery, light = read(BASE).skills
    assert drive.id == 'drive'
    assert drive.timeout_sec == 60
    assert [parameter.name for parameter in drive.inputs] == ['distance', 'direction']
    assert go.interface_path == '/skill/go'  # the draft REP's convention
    assert battery.reads
    assert light.inputs[0].default == 3


def test_the_shipped_manifest():
    from nemotron_agent.skills.places import load_places

    manifest = load_manifest(CONFIG / 'skills.yaml', load_places(CONFIG / 'places.yaml'))
    assert {skill.interface_path for skill in manifest.skills} == {
        'navigate_to_pose',
        'drive_on_heading',
        'spin',
        'gripper_cmd',
        'battery_state',
        'detections',
        'say',
        'set_light',
    }
    assert not any(skill.needs_type_for_schema for skill in manifest.skills)


def test_a_robot_may_have_no_skills():
    assert read('skills: []').skills == ()
    assert read('skills:').skills == ()


def test_a_datatype_may_have_the_suffix_of_the_draft_rep():
    assert read(changed('pkg/action/Go', 'pkg/action/Go.action')).skills[1].datatype == (
        'pkg/action/Go'
    )


def test_parameter_types_have_other_names_too():
    inputs = read(changed('type: integer', 'type: int')).skills[3].inputs
    assert inputs[0].type == 'integer'


def test_listed_values_may_have_other_names():
    also = 'also: {forward: [ahead, en avant]}'
    drive = read(changed('[forward, backward]', f'[forward, backward]\n          {also}')).skills[
        0
    ]
    assert drive.inputs[1].also == {'forward': ('ahead', 'en avant')}


def test_several_problems_are_told_at_once():
    text = changed('timeout_sec: 60', 'timeout_sec: 0').replace('type: float', 'type: flaot')
    assert error_of(text) == [
        's.yaml:11: skill "drive": parameters.in[0].type: "flaot" is no type of an argument: '
        'did you mean float?',
        's.yaml:26: skill "drive": timeout_sec: 0 is too small: it must be over 0: raise it',
    ]


def test_many_problems_are_counted():
    text = 'skills:\n' + ''.join(f'  - {{id: s{i}, x: 1}}\n' for i in range(3))
    lines = error_of(text)
    assert len(lines) == 11
    assert lines[-1] == '... and 2 more'


FORM = [
    ('skills:', 'skils:', 's.yaml:1: skils: this key is not known: did you mean skills?'),
    (
        'description: Drive by',
        'descripton: Drive by',
        's.yaml:4: skill "drive": descripton: this key is not known: did you mean description?',
    ),
    (
        '    description: Drive by a distance.\n',
        '',
        's.yaml:2: skill "drive": description: this key is missing: add it',
    ),
    ('- id: drive\n   ', '-', 's.yaml:2: skill number 1: id: this key is missing: add it'),
    (
        'version: 1.0.0',
        'version: 1.0',
        's.yaml:3: skill "drive": version: 1.0 is no text: put quotes around values such as 1.0',
    ),
    (
        'id: drive',
        'id: Drive On',
        's.yaml:2: skill "Drive On": id: "Drive On" is no id: use up to 64 lower-case letters',
    ),
    (
        'interface: service',
        'interface: servise',
        's.yaml:47: skill "light": interface: "servise" is not one of the values: '
        'did you mean service?',
    ),
    (
        'pkg/action/Drive',
        'Drive',
        's.yaml:6: skill "drive": datatype: "Drive" is no ROS type: write package/action/Name',
    ),
    (
        'pkg/action/Drive',
        'pkg/srv/Drive',
        's.yaml:6: skill "drive": datatype: pkg/srv/Drive is no action type: '
        'write .../action/... or correct "interface"',
    ),
    (
        'path: drive',
        'path: drive/',
        's.yaml:7: skill "drive": default_interface_path: "drive/" is no ROS name: use letters',
    ),
    (
        'timeout_sec: 60',
        'timeout_sec: .nan',
        's.yaml:26: skill "drive": timeout_sec: NaN is not finite: write a finite number',
    ),
    (
        'timeout_sec: 60',
        'timeout_sec: 100000',
        's.yaml:26: skill "drive": timeout_sec: 100000 is too large: it must be 86400 at most: '
        'lower it',
    ),
    (
        'timeout_sec: 60',
        'resources: base',
        's.yaml:26: skill "drive": resources: "base" is no list: write a list, such as [a',
    ),
    (
        'name: distance',
        'name: Distance',
        's.yaml:10: skill "drive": parameters.in[0].name: "Distance" is no name for an argument',
    ),
    (
        'type: float',
        'type: 3',
        's.yaml:11: skill "drive": parameters.in[0].type: 3 is no text: put quotes',
    ),
    (
        'required: true',
        'required: "yes"',
        's.yaml:12: skill "drive": parameters.in[0].required: "yes" is neither true nor false: '
        'write true or false',
    ),
    (
        'minimum: 0.1',
        'minimum: 6',
        's.yaml:13: skill "drive": parameters.in[0].minimum: 6 is over the maximum, 5: exchange',
    ),
    (
        'maximum: 5\n',
        'maximum: 5\n          max_length: 3\n',
        's.yaml:15: skill "drive": parameters.in[0].max_length: a float has no max_length: remove',
    ),
    (
        'type: float',
        'type: string',
        's.yaml:13: skill "drive": parameters.in[0].minimum: a string has no minimum: remove it',
    ),
    (
        '[forward, backward]',
        '[]',
        's.yaml:18: skill "drive": parameters.in[1].enum: no value is allowed: add values',
    ),
    (
        '[forward, backward]',
        'forward',
        's.yaml:18: skill "drive": parameters.in[1].enum: "forward" is no enum: write a list',
    ),
    (
        '[forward, backward]',
        '[on, off]',
        's.yaml:18: skill "drive": parameters.in[1].enum[0]: true is no string: put it in quotes',
    ),
    (
        '[forward, backward]',
        '[forward, forward]',
        's.yaml:18: skill "drive": parameters.in[1].enum[1]: "forward" is given twice: remove one',
    ),
    (
        'type: string, enum: places',
        'type: integer, enum: places',
        's.yaml:34: skill "go": parameters.in[0].type: a place is a string, not integer: use type',
    ),
    (
        'type: string, enum: places, default: kitchen',
        'type: geometry_msgs/msg/Pose, enum: [a]',
        's.yaml:34: skill "go": parameters.in[0].enum: a geometry_msgs/msg/Pose has no enum',
    ),
    (
        'type: string, enum: places, default: kitchen',
        'type: geometry_msgs/msg/Pose, default: a',
        's.yaml:34: skill "go": parameters.in[0].default: a geometry_msgs/msg/Pose has no default',
    ),
    (
        'default: 3',
        'default: 3.5',
        's.yaml:51: skill "light": parameters.in[0].default: 3.5 is no integer: correct it',
    ),
    (
        'default: 3',
        'default: true',
        's.yaml:51: skill "light": parameters.in[0].default: true is no integer: correct it',
    ),
    (
        'default: 3',
        'default: [3]',
        's.yaml:51: skill "light": parameters.in[0].default: [3] is no integer: correct it',
    ),
    (
        'default: 3',
        'default: 3, minimum: 4',
        's.yaml:51: skill "light": parameters.in[0].default: 3 is under the minimum, 4: raise it',
    ),
    (
        'default: 3',
        'default: 3, maximum: 2',
        's.yaml:51: skill "light": parameters.in[0].default: 3 is over the maximum, 2: lower it',
    ),
    (
        'default: 3',
        'default: 3, enum: [1, 2]',
        's.yaml:51: skill "light": parameters.in[0].default: 3 is not one of the enum: use one of',
    ),
    (
        'type: integer, default: 3',
        'type: string, default: abc, max_length: 2',
        's.yaml:51: skill "light": parameters.in[0].default: longer than max_length, 2: shorten',
    ),
    (
        'type: integer, default: 3',
        'type: float, default: .inf',
        's.yaml:51: skill "light": parameters.in[0].default: inf is not finite: write a finite',
    ),
    (
        'type: integer, default: 3',
        'type: integer, also: {3: [some]}',
        's.yaml:51: skill "light": parameters.in[0].also: there is no list of values to name: '
        'give it an enum',
    ),
    (
        'enum: places, default: kitchen',
        'enum: places, also: {kitchen: [cocina]}',
        's.yaml:34: skill "go": parameters.in[0].also: other names of places are in the places '
        'file: put them under the place, as its "also"',
    ),
    (
        '[forward, backward]',
        '[forward, backward]\n          also: {forwrd: [ahead]}',
        's.yaml:19: skill "drive": parameters.in[1].also.forwrd: "forwrd" is not one of the enum: '
        'did you mean forward?',
    ),
    (
        '[forward, backward]',
        '[forward, backward]\n          also: {forward: [ahead, "-"]}',
        's.yaml:19: skill "drive": parameters.in[1].also.forward[1]: "-" is no word: write what '
        'people say, or remove it',
    ),
    (
        '[forward, backward]',
        '[forward, backward]\n          also: {forward: [Forward]}',
        's.yaml:19: skill "drive": parameters.in[1].also.forward[0]: "Forward" is the value '
        '"forward": remove it: case and accents do not matter',
    ),
    (
        '[forward, backward]',
        '[forward, backward]\n          also: {forward: [backward]}',
        's.yaml:19: skill "drive": parameters.in[1].also.forward[0]: "backward" is the value '
        '"backward": remove it',
    ),
    (
        '[forward, backward]',
        '[forward, backward]\n          also: {forward: [vor], backward: [Vor]}',
        's.yaml:19: skill "drive": parameters.in[1].also.backward[0]: "Vor" is a name of '
        '"forward" too: give it to one of them',
    ),
    (
        '[forward, backward]',
        '[forward, backward]\n          also: {forward: [vorwärts, Vorwarts]}',
        's.yaml:19: skill "drive": parameters.in[1].also.forward[1]: "Vorwarts" is given twice: '
        'remove one',
    ),
    (
        '[forward, backward]',
        '[forward, backward]\n          also: {forward: ahead}',
        's.yaml:19: skill "drive": parameters.in[1].also.forward: "ahead" is no list: write',
    ),
    (
        '[forward, backward]',
        '[forward, backward]\n          also: {forward: [on]}',
        's.yaml:19: skill "drive": parameters.in[1].also.forward[0]: true is no text: put quotes',
    ),
    (
        '{place: place}',
        '{plce: place}',
        's.yaml:36: skill "go": request.pose.plce: this key is not known: did you mean place?',
    ),
    (
        'argument: distance\n',
        'argument: distance\n        scal: 2\n',
        's.yaml:22: skill "drive": request.target.x.scal: this key is not known: did you mean sca',
    ),
    (
        'values: {forward: 1, backward: -1}',
        'values: {}',
        's.yaml:22: skill "drive": request.target.x.factor_by.values: {} is empty: add a value',
    ),
]

MEANING = [
    ('id: go', 'id: drive', 's.yaml:27: skill "drive": id: skill number 1 has this id too: rena'),
    ('id: go', 'id: answer', 's.yaml:27: skill "answer": id: "answer" is a built-in tool: rename'),
    (
        'datatype: pkg/action/Go\n',
        'datatype: pkg/action/Go\n    default_interface_path: drive\n',
        's.yaml:31: skill "go": datatype: skill "drive" uses drive as pkg/action/Drive: correct',
    ),
    (
        'name: direction',
        'name: distance',
        's.yaml:15: skill "drive": parameters.in[1].name: two arguments are called "distance"',
    ),
    (
        'default: kitchen',
        'default: kitchn',
        's.yaml:34: skill "go": parameters.in[0].default: "kitchn" is no place: did you mean kitc',
    ),
    (
        'argument: distance\n',
        'argument: distnce\n',
        's.yaml:20: skill "drive": request.target.x: there is no argument "distnce": '
        'did you mean distance?',
    ),
    (
        'target.x:',
        'target..x:',
        's.yaml:20: skill "drive": request.target..x: "target..x" is no path of a field: write',
    ),
    (
        'pose: {place: place}',
        'pose: here',
        's.yaml:34: skill "go": parameters.in[0]: the argument "place" fills nothing: use it in',
    ),
    (
        'enum: places, default: kitchen',
        'enum: [kitchen]',
        's.yaml:36: skill "go": request.pose: the argument "place" does not name a place: give it',
    ),
    (
        'argument: distance\n        factor_by: {argument: direction,',
        'argument: direction\n        factor_by: {argument: distance,',
        's.yaml:20: skill "drive": request.target.x: scale, offset and factor_by calculate, and '
        '"direction" is a string: remove them',
    ),
    (
        '          enum: [forward, backward]\n',
        '',
        's.yaml:21: skill "drive": request.target.x.factor_by: the argument "direction" has no '
        'list of values: give it an enum',
    ),
    (
        'required: true\n          enum: [forward',
        'enum: [forward',
        's.yaml:21: skill "drive": request.target.x.factor_by: the argument "direction" may be '
        'left out: make it required or give it a default',
    ),
    (
        'backward: -1',
        'backwards: -1',
        's.yaml:22: skill "drive": request.target.x.factor_by.values.backwards: "backwards" is no '
        'value of "direction": did you mean backward?',
    ),
    (
        ', backward: -1',
        '',
        's.yaml:22: skill "drive": request.target.x.factor_by.values: no factor for "backward": ',
    ),
    (
        'timeout_sec: 60',
        'limits: {distanc: {maximum: 2}}',
        's.yaml:26: skill "drive": limits.distanc: there is no argument "distanc": did you mean d',
    ),
    (
        'timeout_sec: 60',
        'limits: {direction: {maximum: 2}}',
        's.yaml:26: skill "drive": limits.direction: "direction" is a string: limit numbers only',
    ),
    (
        'timeout_sec: 60',
        'limits: {distance: {}}',
        's.yaml:26: skill "drive": limits.distance: it has no bound: give it a minimum or maximum',
    ),
    (
        'timeout_sec: 60',
        'limits: {distance: {minimum: 2, maximum: 1}}',
        's.yaml:26: skill "drive": limits.distance: the minimum is over the maximum: exchange',
    ),
    (
        'timeout_sec: 60',
        'dispatch: request',
        's.yaml:24: skill "drive": result.success_when: whoever carries it out says whether it '
        'succeeded: remove it',
    ),
    (
        'access: read',
        'access: read\n    dispatch: request',
        's.yaml:43: skill "battery": dispatch: a skill that reads a topic needs nobody else: use '
        'direct',
    ),
    (
        'timeout_sec: 60',
        'limits: {distance: {maximum: 2, outside: clip}}',
        's.yaml:26: skill "drive": limits.distance.outside: "clip" is not one of the values: did',
    ),
    (
        'timeout_sec: 60',
        'motion: {ahead: target.y}',
        's.yaml:26: skill "drive": motion.ahead: "target.y" is not filled: did you mean target.x?',
    ),
    (
        'timeout_sec: 60',
        'motion: {x: target.x, frame: target.x}',
        's.yaml:26: skill "drive": motion.x: a goal needs x, y and frame: give all three',
    ),
    (
        'timeout_sec: 60',
        'motion: {x: target.x, y: target.x, frame: target.x, ahead: target.x}',
        's.yaml:26: skill "drive": motion.ahead: it leads to a goal or by a way, not both: remove',
    ),
    (
        'timeout_sec: 60',
        'motion: {in_place: true, ahead: target.x}',
        's.yaml:26: skill "drive": motion.in_place: what goes somewhere is not in place: ',
    ),
    (
        'timeout_sec: 60',
        'motion: {way: planned}',
        's.yaml:26: skill "drive": motion: it does not say where the robot goes: give a goal, a ',
    ),
    (
        'timeout_sec: 60',
        'motion: {ahead: target.x, way: planned}',
        's.yaml:26: skill "drive": motion.way: a way of so many metres is straight: remove it',
    ),
    (
        'timeout_sec: 60',
        'enabled_when: [{fact: battery, max_age_sec: 5}]',
        's.yaml:26: skill "drive": enabled_when[0]: it compares with nothing, or twice: give '
        'equals, or bounds',
    ),
    (
        'timeout_sec: 60',
        'enabled_when: [{fact: battery, minimum: 1, max_age: 5}]',
        's.yaml:26: skill "drive": enabled_when[0].max_age: this key is not known: did you mean '
        'max_age_sec?',
    ),
    (
        'timeout_sec: 60',
        'access: read',
        's.yaml:26: skill "drive": access: only a topic has this key: remove it',
    ),
    (
        'access: read',
        'access: publish\n    max_age_sec: 3',
        's.yaml:43: skill "battery": max_age_sec: only a skill that reads has it: remove it',
    ),
    (
        'access: read',
        'access: read\n    request: {a: 1}',
        's.yaml:43: skill "battery": request: a skill that reads a topic sends nothing: remove it',
    ),
    (
        'access: read',
        'access: read\n    result: {failure: x}',
        's.yaml:43: skill "battery": result.failure: a topic has no result to judge: remove it',
    ),
    (
        'Drove {{ result',
        'Drove {{ resul',
        's.yaml:25: skill "drive": result.success: the template uses resul, and it knows only',
    ),
    (
        'Drove {{ result.way }}',
        'Drove {{ result.way',
        's.yaml:25: skill "drive": result.success: the template cannot be read: ',
    ),
]


@pytest.mark.parametrize(('old', 'new', 'expected'), FORM)
def test_form(old, new, expected):
    lines = error_of(changed(old, new))
    assert lines[0].startswith(expected)


@pytest.mark.parametrize(('old', 'new', 'expected'), MEANING)
def test_meaning(old, new, expected):
    assert any(line.startswith(expected) for line in error_of(changed(old, new))), error_of(
        changed(old, new)
    )


def test_no_places():
    assert error_of(BASE, Places()) == [
        's.yaml:34: skill "go": parameters.in[0].enum: there are no places: add some to the places'
    ]


@pytest.mark.parametrize('text', ['', '- a', 'hello'])
def test_a_file_that_is_no_manifest(text):
    assert error_of(text) == [
        's.yaml:1: this is no skill manifest: begin with "skills:" and a list'
    ]


def test_skills_that_are_no_list():
    assert error_of('skills: {a: 1}')[0].startswith('s.yaml:1: skills: {"a": 1} is no list: write')


def test_a_skill_that_is_no_mapping():
    assert error_of('skills: [drive]')[0].startswith(
        's.yaml:1: skill number 1: "drive" has no keys: write "key: value" lines'
    )
