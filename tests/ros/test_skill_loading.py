import pytest
from rclpy.action import ActionClient

from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.ros.action_skill import ActionSkill
from nemotron_agent.ros.service_skill import ServiceSkill
from nemotron_agent.ros.skill_loading import load_skill_tools
from nemotron_agent.ros.topic_skill import PublishSkill, ReadSkill
from nemotron_agent.skills.manifest import load_manifest
from nemotron_agent.skills.places import load_places

from .skill_manifests import PLACES, DocumentError, manifest_of

pytestmark = pytest.mark.ros

TURN = """\
  - id: turn
    description: Turn.
    interface: action
    datatype: nemotron_agent_interfaces/action/Spin
    default_interface_path: spin
    parameters:
      in:
        - {name: angle, type: float, required: true, maximum: 360}
        - {name: count, type: integer, default: 1}
    request:
      target_yaw: {argument: angle}
      time_allowance.sec: {argument: count}
    result:
      success_when: {error_code: 0}
      success: Done {{ result.error_code }} {{ arguments.angle }}.
"""


def node_entities(node):
    """Count what a node has; its own parameter services and the like are there from the start."""
    return (
        len(list(node.publishers)),
        len(list(node.subscriptions)),
        len(list(node.clients)),
        len(list(node.waitables)),
    )


def error_of(ros_domain, text: str) -> str:
    node = ros_domain.make_node('client')
    before = node_entities(node)
    with pytest.raises(DocumentError) as caught:
        load_skill_tools(node, manifest_of(text), PLACES)
    assert node_entities(node) == before
    return str(caught.value)


def test_the_shipped_skills(ros_domain):
    places = load_places(config_file('places.yaml'))
    manifest = load_manifest(config_file('skills.yaml'), places)
    node = ros_domain.make_node('client', namespace='/r1')
    before = node_entities(node)
    loaded = load_skill_tools(node, manifest, places)
    assert [tool.spec.name for tool in loaded.tools] == [skill.id for skill in manifest.skills]
    tools = {tool.interface_path: tool for tool in loaded.tools}
    assert isinstance(tools['/r1/navigate_to_pose'], ActionSkill)
    assert isinstance(tools['/r1/battery_state'], ReadSkill)
    assert isinstance(tools['/r1/say'], PublishSkill)
    assert isinstance(tools['/r1/set_light'], ServiceSkill)
    navigate = tools['/r1/navigate_to_pose']
    assert navigate.datatype == 'nemotron_agent_interfaces/action/NavigateToPose'
    assert navigate.resources == ('base',)
    # Two gripper skills, one client.
    clients = [waitable for waitable in node.waitables if isinstance(waitable, ActionClient)]
    assert len(clients) == 4
    assert node.count_publishers('/r1/say') == 1
    loaded.close()
    loaded.close()
    assert node_entities(node) == before


def test_names_may_be_remapped(ros_domain):
    node = ros_domain.make_node(
        'client',
        cli_args=['--ros-args', '-r', 'spin/_action/status:=/other/spin/_action/status'],
        use_global_arguments=False,
    )
    loaded = load_skill_tools(node, manifest_of(TURN), PLACES)
    assert loaded.tools[0].interface_path == '/other/spin'


def test_arguments_taken_from_the_type(ros_domain):
    text = TURN.split('    parameters:')[0]
    loaded = load_skill_tools(ros_domain.make_node('client'), manifest_of(text), PLACES)
    assert list(loaded.tools[0].spec.parameters['properties']) == ['target_yaw', 'time_allowance']


MISFITS = [
    (
        'action/Spin',
        'action/Spinn',
        's.yaml:5: skill "turn": datatype: the ROS package nemotron_agent_interfaces has no '
        'action Spinn: use one of: DriveOnHeading, ',
    ),
    (
        'target_yaw:',
        'target_jaw:',
        's.yaml:12: skill "turn": request.target_jaw: there is no such field; the fields are: '
        'target_yaw, time_allowance: correct the request',
    ),
    (
        'time_allowance.sec:',
        'time_allowance.min:',
        's.yaml:13: skill "turn": request.time_allowance.min: there is no such field; the fields '
        'are: sec, nanosec: correct the request',
    ),
    (
        'type: float, required: true, maximum: 360',
        'type: string, required: true',
        's.yaml:12: skill "turn": request.target_yaw: needs a number, not \'a\': correct the requ',
    ),
    (
        'type: integer, default: 1',
        'type: integer, maximum: 3000000000',
        's.yaml:13: skill "turn": request.time_allowance.sec: 3000000000 is out of range: ',
    ),
    (
        '{argument: angle}',
        '{argument: angle}\n      time_allowance: soon',
        's.yaml:13: skill "turn": request.time_allowance: needs the fields of a '
        "builtin_interfaces/msg/Duration, not 'soon': correct the request",
    ),
    (
        'success_when: {error_code: 0}',
        'success_when: {eror_code: 0}',
        's.yaml:15: skill "turn": result.success_when.eror_code: the result has no field '
        '"eror_code": did you mean error_code?',
    ),
    (
        'result.error_code',
        'result.total_elapsed_time.secs',
        's.yaml:16: skill "turn": result.success: the result has no field "secs": did you mean s',
    ),
    (
        'arguments.angle',
        'arguments.angel',
        's.yaml:16: skill "turn": result.success: there is no argument "angel": did you mean angl',
    ),
    (
        'default_interface_path: spin',
        f'default_interface_path: {"s" * 300}',
        's.yaml:6: skill "turn": default_interface_path: ROS refuses it (',
    ),
]


@pytest.mark.parametrize(('old', 'new', 'expected'), MISFITS)
def test_a_skill_that_does_not_fit_its_type(ros_domain, old, new, expected):
    assert old in TURN
    assert error_of(ros_domain, TURN.replace(old, new)).startswith(expected)


def test_an_argument_that_fills_no_field(ros_domain):
    text = TURN.split('    request:')[0]
    assert error_of(ros_domain, text) == (
        's.yaml:9: skill "turn": parameters.in[0]: there is no such field; the fields are: '
        'target_yaw, time_allowance: say in "request" what it fills'
    )


def test_a_place_that_fills_no_pose(ros_domain):
    text = TURN.replace('type: float, required: true, maximum: 360', 'type: string, enum: places')
    text = text.replace('target_yaw: {argument: angle}', 'time_allowance: {place: angle}')
    text = text.replace('      time_allowance.sec: {argument: count}\n', '')
    text = text.replace('        - {name: count, type: integer, default: 1}\n', '')
    assert 'request.time_allowance: a place fills a Pose or PoseStamped, not a builtin' in (
        error_of(ros_domain, text)
    )


def test_limits_of_arguments_taken_from_the_type(ros_domain):
    text = TURN.split('    parameters:')[0] + '    limits: {target_jaw: {maximum: 1}}\n'
    assert error_of(ros_domain, text) == (
        's.yaml:7: skill "turn": limits.target_jaw: there is no argument "target_jaw": '
        'did you mean target_yaw?'
    )


def test_limits_of_arguments_that_are_no_numbers(ros_domain):
    text = """\
  - id: say
    description: Say.
    interface: topic
    datatype: std_msgs/msg/String
    limits: {data: {maximum: 1}}
"""
    assert error_of(ros_domain, text) == (
        's.yaml:6: skill "say": limits.data: "data" is a string: limit numbers only'
    )


def test_nothing_is_left_if_the_last_skill_fails(ros_domain):
    second = TURN.replace('id: turn', 'id: turn_2').replace('path: spin', f'path: {"s" * 300}')
    say = """\
  - id: say
    description: Say.
    interface: topic
    datatype: std_msgs/msg/String
    default_interface_path: say
"""
    assert 'ROS refuses it' in error_of(ros_domain, TURN + say + second)
