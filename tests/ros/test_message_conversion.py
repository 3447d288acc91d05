import json
import math

import pytest
from builtin_interfaces.msg import Duration, Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped, PoseWithCovariance, Twist
from rosidl_parser.definition import BasicType, BoundedSequence, BoundedString, UnboundedString
from sensor_msgs.msg import BatteryState, JointState
from shape_msgs.msg import Plane, SolidPrimitive
from std_msgs.msg import (
    Bool,
    Byte,
    ByteMultiArray,
    Float32,
    Float64,
    Int8,
    Int64MultiArray,
    String,
    UInt8MultiArray,
    UInt64,
)
from std_srvs.srv import SetBool, Trigger

from nemotron_agent.ros.message_conversion import (
    FieldError,
    fields_of,
    message_from_dict,
    message_to_dict,
    to_ros,
    type_text,
)
from nemotron_agent.skills.places import Place
from nemotron_agent.skills.request_template import FramedPlace

DOCK = FramedPlace(Place(x=1, y=2, yaw=math.pi), 'map')


@pytest.mark.parametrize(
    'message',
    [
        Bool(data=True),
        Byte(data=b'\xfe'),
        ByteMultiArray(data=[b'a', b'\xff']),
        Float64(data=1.5),
        Int8(data=-128),
        Int64MultiArray(data=[-(2**63), 2**63 - 1]),
        UInt64(data=2**64 - 1),
        UInt8MultiArray(data=[0, 255]),
        String(data='grüße, 你好 🤖'),
        Twist(),
        PoseStamped(),
        PoseWithCovariance(covariance=[float(i) for i in range(36)]),
        Plane(coef=[1.0, 2.0, 3.0, 4.0]),
        SolidPrimitive(type=1, dimensions=[1.0, 2.0, 3.0]),
        JointState(name=['a', 'b'], position=[1.0, 2.0]),
        DiagnosticArray(),
        Trigger.Request(),
        SetBool.Response(success=True, message='done'),
        Duration(sec=-3, nanosec=999999999),
    ],
    ids=lambda message: type(message).__name__,
)
def test_there_and_back(message):
    values = message_to_dict(message)
    assert message_from_dict(type(message), json.loads(json.dumps(values))) == message


def test_nested_messages_in_lists():
    values = {'status': [{'name': 'a', 'values': [{'key': 'k', 'value': 'v'}], 'level': 2}]}
    message = message_from_dict(DiagnosticArray, values)
    assert message.status[0].values[0].key == 'k'
    assert message.status[0].level == b'\x02'


def test_dotted_paths():
    message = message_from_dict(Twist, {'linear.x': 1, 'angular.z': -0.5})
    assert (message.linear.x, message.angular.z) == (1.0, -0.5)


def test_seconds_become_times():
    assert message_from_dict(PoseStamped, {'header.stamp': 1.25}).header.stamp == Time(
        sec=1, nanosec=250000000
    )
    assert to_ros(*duration(-0.5)) == Duration(sec=-1, nanosec=500000000)
    assert to_ros(*duration({'sec': 2})) == Duration(sec=2)


def duration(value):
    from nemotron_agent_interfaces.action import Spin

    return fields_of(Spin.Goal)['time_allowance'], value, 'time_allowance'


def test_places_become_poses():
    pose = message_from_dict(PoseStamped, {'header.frame_id': 'odom', 'pose': DOCK}).pose
    assert (pose.position.x, pose.position.y) == (1.0, 2.0)
    assert pose.orientation.z == pytest.approx(1.0)
    from nemotron_agent_interfaces.action import NavigateToPose

    goal = message_from_dict(NavigateToPose.Goal, {'pose': DOCK})
    assert goal.pose.header.frame_id == 'map'
    assert goal.pose.pose == pose


def test_nan_is_none():
    values = message_to_dict(BatteryState(percentage=math.nan, voltage=math.inf))
    assert (values['percentage'], values['voltage']) == (None, None)
    assert math.isnan(message_from_dict(Float64, {'data': None}).data)


def test_whole_floats_are_integers():
    assert message_from_dict(Int8, {'data': 5.0}).data == 5


def test_what_cannot_be_sent_is_taken_out_of_strings():
    message = message_from_dict(String, {'data': 'a\0b\ud800c'})
    assert message.data == 'ab?c'
    message.data = 'x\udc80\0y'
    assert message_to_dict(message) == {'data': 'x?y'}


def test_long_values_are_cut_with_a_mark():
    values = message_to_dict(JointState(name=['x' * 50] * 9, position=[1.0] * 9), 2, 10)
    assert values['name'] == ['xxxxxxxxxx… (50 characters)'] * 2 + ['… 7 more']
    assert values['position'] == [1.0, 1.0, '… 7 more']


BOUNDED_TEXT = BoundedString(3)
BOUNDED_LIST = BoundedSequence(BasicType('uint8'), 2)


@pytest.mark.parametrize(
    ('message_class', 'values', 'expected'),
    [
        (Bool, {'data': 1}, 'data: needs true or false, not 1'),
        (Float64, {'data': True}, 'data: needs a number, not True'),
        (Float64, {'data': '1'}, "data: needs a number, not '1'"),
        (Float64, {'data': 10**400}, 'data: 1000'),
        (Float32, {'data': 1e39}, 'data: 1e+39 is too large for a float32'),
        (Int8, {'data': 128}, 'data: 128 is out of range: from -128 to 127'),
        (Int8, {'data': 1.5}, 'data: needs a whole number, not 1.5'),
        (Int8, {'data': math.nan}, 'data: needs a whole number, not nan'),
        (Int8, {'data': None}, 'data: needs a number, not None'),
        (UInt64, {'data': -1}, 'data: -1 is out of range: from 0 to 18446744073709551615'),
        (Byte, {'data': 256}, 'data: 256 is out of range: from 0 to 255'),
        (String, {'data': 5}, 'data: needs a string, not 5'),
        (String, {'date': 'x'}, 'date: there is no such field; the fields are: data'),
        (Trigger.Request, {'a': 1}, 'a: there is no such field; the fields are: none'),
        (Twist, {'linear.w': 1}, 'linear.w: there is no such field; the fields are: x, y, z'),
        (Twist, {'linear.x.y': 1}, 'linear.x: is a double and has no fields'),
        (Twist, {'linear': 5}, 'linear: needs the fields of a geometry_msgs/msg/Vector3, not 5'),
        (Twist, {'linear': {'x': 'a'}}, "linear.x: needs a number, not 'a'"),
        (Twist, {'linear': DOCK}, 'linear: a place fills a Pose or PoseStamped, not a geometry'),
        (UInt8MultiArray, {'data': [1, 256]}, 'data[1]: 256 is out of range: from 0 to 255'),
        (UInt8MultiArray, {'data': 'abc'}, "data: needs a list, not 'abc'"),
        (Plane, {'coef': [1.0]}, 'coef: needs 4 items, not 1'),
        (SolidPrimitive, {'dimensions': [1.0] * 4}, 'dimensions: takes 3 items at most, not 4'),
        (DiagnosticArray, {'status': [{'nam': 1}]}, 'status[0].nam: there is no such field'),
        (PoseStamped, {'header.stamp': math.inf}, 'header.stamp: needs a time in seconds'),
        (PoseStamped, {'header.stamp': 1e12}, 'header.stamp.sec: 1000000000000 is out of range'),
        (PoseStamped, {'header.stamp': True}, 'header.stamp: needs the fields of a builtin'),
    ],
)
def test_errors_name_the_field(message_class, values, expected):
    with pytest.raises(FieldError) as caught:
        message_from_dict(message_class, values)
    assert str(caught.value).startswith(expected)


def test_bounded_strings():
    assert to_ros(BOUNDED_TEXT, 'abc', 'f') == 'abc'
    with pytest.raises(FieldError, match='f: is longer than 3 bytes of UTF-8'):
        to_ros(BOUNDED_TEXT, 'äö', 'f')


def test_names_of_types():
    assert type_text(BOUNDED_LIST) == 'uint8[]'
    assert type_text(UnboundedString()) == 'string'
    assert type_text(fields_of(PoseStamped)['pose']) == 'geometry_msgs/msg/Pose'
    assert type_text(fields_of(Byte)['data']) == 'byte'
    assert type_text(fields_of(Bool)['data']) == 'bool'
