import jsonschema
import pytest

from nemotron_agent.ros.field_comments import comments_in, field_comments
from nemotron_agent.ros.interface_schema import complete_inputs
from nemotron_agent.skills.argument_schema import argument_schema

from .skill_manifests import PLACES, DocumentError, manifest_of

TEST_SKILL = """\
  - id: test
    description: Test.
    interface: {0}
    datatype: {1}
"""


def schema_of(interface: str, datatype: str, more: str = ''):
    manifest = manifest_of(TEST_SKILL.format(interface, datatype) + more)
    schema = argument_schema(complete_inputs(manifest, manifest.skills[0]), PLACES)
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def error_of(interface: str, datatype: str, more: str = '') -> str:
    with pytest.raises(DocumentError) as caught:
        schema_of(interface, datatype, more)
    return str(caught.value)


def test_an_action():
    schema = schema_of('action', 'nemotron_agent_interfaces/action/Spin')
    assert schema == {
        'type': 'object',
        'properties': {
            'target_yaw': {
                'type': 'number',
                'description': 'angle to turn by, positive is to the left [rad].',
                'unit': 'rad',
            },
            'time_allowance': {
                'type': 'number',
                'description': 'give up after; 0 is no limit [s].',
                'unit': 's',
            },
        },
        'required': ['target_yaw', 'time_allowance'],
        'additionalProperties': False,
    }


def test_nested_messages_are_flattened():
    schema = schema_of('action', 'nemotron_agent_interfaces/action/DriveOnHeading')
    assert list(schema['properties']) == [
        'target_x',
        'target_y',
        'target_z',
        'speed',
        'time_allowance',
    ]
    assert schema['properties']['target_x']['description'] == 'target x (double)'


def test_a_stamp_is_no_argument():
    schema = schema_of('topic', 'geometry_msgs/msg/PointStamped')
    assert list(schema['properties']) == ['header_frame_id', 'point_x', 'point_y', 'point_z']


def test_integers_have_bounds():
    data = schema_of('topic', 'std_msgs/msg/Int8')['properties']['data']
    assert (data['type'], data['minimum'], data['maximum']) == ('integer', -128, 127)
    data = schema_of('topic', 'std_msgs/msg/Byte')['properties']['data']
    assert (data['type'], data['minimum'], data['maximum']) == ('integer', 0, 255)


def test_lists_of_values():
    properties = schema_of('topic', 'shape_msgs/msg/Plane')['properties']
    assert properties['coef']['type'] == 'array'
    assert properties['coef']['items'] == {'type': 'number'}
    assert properties['coef']['maxItems'] == 4
    dimensions = schema_of('topic', 'sensor_msgs/msg/JointState')['properties']['name']
    assert dimensions['items'] == {'type': 'string'}


def test_a_service():
    schema = schema_of('service', 'std_srvs/srv/SetBool')
    assert schema['properties']['data']['type'] == 'boolean'
    assert schema_of('service', 'std_srvs/srv/Trigger')['properties'] == {}


def test_a_parameter_of_a_message_type_is_flattened():
    more = """\
    parameters:
      in:
        - {name: target, type: geometry_msgs/msg/Point, required: true}
        - {name: speed, type: float, maximum: 2}
"""
    schema = schema_of('action', 'nemotron_agent_interfaces/action/DriveOnHeading', more)
    assert list(schema['properties']) == ['target_x', 'target_y', 'target_z', 'speed']
    assert schema['required'] == ['target_x', 'target_y', 'target_z']


def test_a_read_topic_has_no_arguments():
    assert schema_of('topic', 'std_msgs/msg/String', '    access: read\n')['properties'] == {}


LOCATION = 's.yaml:5: skill "test": datatype: '


def test_a_list_of_messages_is_no_argument():
    assert error_of('topic', 'diagnostic_msgs/msg/DiagnosticArray') == (
        LOCATION + 'no argument can be made of the field status: it is a list of '
        'diagnostic_msgs/msg/DiagnosticStatus: give the arguments in "parameters" and "request"'
    )


def test_a_parameter_that_is_a_list_of_messages():
    more = '    parameters: {in: [{name: target, type: "geometry_msgs/msg/Point[]"}]}\n'
    assert 'parameters.in[0].type: a list of messages is no argument' in error_of(
        'action', 'nemotron_agent_interfaces/action/DriveOnHeading', more
    )


def test_types_that_are_not_installed():
    assert error_of('action', 'nav9_msgs/action/Go').startswith(
        LOCATION + 'the ROS package nav9_msgs is not installed: install it (sudo apt'
    )
    more = '    parameters: {in: [{name: target, type: nav9_msgs/msg/Point}]}\n'
    assert 'parameters.in[0].type: the ROS package nav9_msgs is not installed' in error_of(
        'action', 'nemotron_agent_interfaces/action/DriveOnHeading', more
    )


def test_two_fields_of_one_name():
    more = """\
    parameters:
      in:
        - {name: target, type: geometry_msgs/msg/Point}
        - {name: target_x, type: float}
"""
    assert error_of('action', 'nemotron_agent_interfaces/action/DriveOnHeading', more) == (
        LOCATION + 'two fields would both be called "target_x": give the arguments in '
        '"parameters" and "request"'
    )


def test_comments_of_fields():
    text = """\
# About the message.
uint8 NONE=0   # a constant
# How fast
# to go [m/s].
float64 speed
string<=10 name   # who
uint8[<=4] list 5 # with [a very long bracket text] inside
pkg/Thing[3] things
"""
    assert comments_in(text) == {
        'speed': ('How fast to go.', 'm/s'),
        'name': ('who', ''),
        'list': ('with [a very long bracket text] inside', ''),
        'things': ('', ''),
    }


def test_the_parts_of_an_interface_have_their_own_comments():
    from nemotron_agent_interfaces.action import Spin

    assert set(field_comments(Spin.Result)) == {'total_elapsed_time', 'error_code', 'error_msg'}
    assert set(field_comments(Spin.Feedback)) == {'angular_distance_traveled'}


def test_classes_that_are_no_interface_have_no_comments():
    assert field_comments(dict) == {}
