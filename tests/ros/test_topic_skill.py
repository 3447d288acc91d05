import threading

import pytest
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from sensor_msgs.msg import BatteryState
from std_msgs.msg import String

from nemotron_agent.core.cancel_token import CancelReason, CancelToken
from nemotron_agent.core.tool import CallContext, Outcome, RequestState
from nemotron_agent.ros.ros_skill import BoundSkill
from nemotron_agent.ros.topic_skill import PublishSkill, ReadSkill
from nemotron_agent.ros.waiting import WaitLimits
from nemotron_agent.skills.argument_schema import tool_spec
from nemotron_agent.skills.request_template import RequestTemplate
from nemotron_agent.testing.ros_domain import wait_for

from .skill_manifests import PLACES, manifest_of

pytestmark = pytest.mark.ros

LATCHED = QoSProfile(
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
SAY = """\
  - id: say
    description: Say something.
    interface: topic
    datatype: std_msgs/msg/String
    default_interface_path: say
    parameters:
      in:
        - {name: text, type: string, required: true}
    request:
      data: {argument: text}
    result:
      success: "Said: {{ arguments.text }}"
"""
BATTERY = """\
  - id: battery
    description: Read the battery.
    interface: topic
    access: read
    datatype: sensor_msgs/msg/BatteryState
    default_interface_path: battery_state
    result:
      success: At {{ (result.percentage * 100) | round | int }} percent.
"""


def make(kind, node, text: str, message_type, server_sec: float = 5.0):
    skill = manifest_of(text).skills[0]
    bound = BoundSkill(skill, tool_spec(skill, PLACES), RequestTemplate(skill, PLACES))
    return kind(bound, message_type, node, WaitLimits(server_sec))


def make_reader(ros_domain, more: str = ''):
    return make(ReadSkill, ros_domain.make_node('reader'), BATTERY + more, BatteryState)


def make_speaker(ros_domain, more: str = '', server_sec: float = 5.0):
    return make(PublishSkill, ros_domain.make_node('speaker'), SAY + more, String, server_sec)


def test_publish(ros_domain):
    heard = []
    ros_domain.make_node('ear').create_subscription(String, 'say', heard.append, 10)
    speaker = make_speaker(ros_domain)
    states = []
    result = speaker.run({'text': 'hello'}, CallContext('id', on_state=states.append))
    assert (result.outcome, result.text) == (Outcome.SUCCEEDED, 'Said: hello')
    wait_for(lambda: heard == [String(data='hello')])
    assert states == [RequestState.SENT]
    assert speaker.interface_path == '/say'


def test_publish_to_nobody(ros_domain):
    result = make_speaker(ros_domain, server_sec=0.1).run({'text': 'x'}, CallContext('id'))
    assert (result.outcome, result.text) == (
        Outcome.UNAVAILABLE,
        'say cannot be used now: nothing listens on the topic /say.',
    )


def test_cancel_while_nobody_listens(ros_domain):
    cancel = CancelToken()
    cancel.cancel()
    result = make_speaker(ros_domain).run({'text': 'x'}, CallContext('id', cancel))
    assert (result.outcome, result.text) == (
        Outcome.CANCELED,
        'say was canceled before it started.',
    )


def test_nothing_is_published_once_the_run_was_told_to_end(ros_domain):
    heard, cancel = [], CancelToken()
    ros_domain.make_node('ear').create_subscription(String, 'say', heard.append, 10)
    speaker = make_speaker(ros_domain)
    context = CallContext('id', cancel, on_state=lambda state: cancel.cancel(CancelReason.STOPPED))
    result = speaker.run({'text': 'late'}, context)
    assert (result.outcome, result.text) == (
        Outcome.CANCELED,
        'say was stopped before it started.',
    )
    speaker.run({'text': 'later'}, CallContext('id'))
    wait_for(lambda: [message.data for message in heard] == ['later'])


def test_a_latched_message_waits_for_its_listener(ros_domain):
    speaker = make_speaker(ros_domain, '    latched: true\n')
    assert speaker.run({'text': 'x'}, CallContext('id')).outcome is Outcome.SUCCEEDED
    heard = []
    ros_domain.make_node('ear').create_subscription(String, 'say', heard.append, LATCHED)
    wait_for(lambda: heard)


def test_arguments_that_do_not_fit(ros_domain):
    result = make_speaker(ros_domain).run({'text': 5}, CallContext('id'))
    assert (result.outcome, result.text) == (
        Outcome.INVALID,
        'say was not started. data: needs a string, not 5.',
    )


def test_a_closed_speaker(ros_domain):
    speaker = make_speaker(ros_domain, server_sec=0.1)
    speaker.close()
    speaker.close()
    assert speaker.run({'text': 'x'}, CallContext('id')).outcome is Outcome.UNAVAILABLE


@pytest.mark.parametrize(
    'reliability', [ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT]
)
def test_read(ros_domain, reliability):
    reader = make_reader(ros_domain)
    publisher = ros_domain.make_node('battery').create_publisher(
        BatteryState, 'battery_state', QoSProfile(depth=1, reliability=reliability)
    )
    wait_for(publisher.get_subscription_count)
    publisher.publish(BatteryState(percentage=0.5, voltage=float('nan')))
    result = reader.run({}, CallContext('id'))
    assert (result.outcome, result.text) == (Outcome.SUCCEEDED, 'At 50 percent.')
    assert result.data['voltage'] is None


def test_a_value_that_the_template_cannot_tell(ros_domain):
    reader = make_reader(ros_domain)
    publisher = ros_domain.make_node('battery').create_publisher(BatteryState, 'battery_state', 1)
    wait_for(publisher.get_subscription_count)
    publisher.publish(BatteryState(percentage=float('nan'), location='front'))
    result = reader.run({}, CallContext('id'))
    assert result.text.startswith('battery is done: {"voltage": 0.0,')
    assert '"location": "front"' in result.text


def test_read_waits_for_a_message(ros_domain):
    reader = make_reader(ros_domain)
    publisher = ros_domain.make_node('battery').create_publisher(BatteryState, 'battery_state', 1)
    wait_for(publisher.get_subscription_count)
    results = []
    thread = threading.Thread(target=lambda: results.append(reader.run({}, CallContext('id'))))
    thread.start()
    publisher.publish(BatteryState(percentage=1.0))
    thread.join(timeout=10)
    assert results[0].text == 'At 100 percent.'


def test_a_string_that_is_no_utf8(ros_domain):
    text = """\
  - id: see
    description: See.
    interface: topic
    access: read
    datatype: std_msgs/msg/String
    default_interface_path: detections
    result:
      success: "Seen: {{ result.data }}"
"""
    reader = make(ReadSkill, ros_domain.make_node('reader'), text, String)
    publisher = ros_domain.make_node('eye').create_publisher(String, 'detections', 1)
    wait_for(publisher.get_subscription_count)
    publisher.publish(serialize_message(String(data='a cup')).replace(b'c', b'\xff'))
    result = reader.run({}, CallContext('id'))
    assert result.text == 'Seen: a \N{REPLACEMENT CHARACTER}up'


def test_no_message(ros_domain):
    result = make_reader(ros_domain).run({}, CallContext('id', timeout_sec=0.1))
    assert (result.outcome, result.text) == (
        Outcome.UNAVAILABLE,
        'battery knows nothing: no message came on /battery_state.',
    )


def test_an_old_message(ros_domain):
    reader = make_reader(ros_domain, '    max_age_sec: 0.1\n')
    publisher = ros_domain.make_node('battery').create_publisher(BatteryState, 'battery_state', 1)
    wait_for(publisher.get_subscription_count)
    publisher.publish(BatteryState(percentage=1.0))
    assert reader.run({}, CallContext('id')).outcome is Outcome.SUCCEEDED
    result = wait_for(lambda: _failure(reader))
    assert result.text.startswith(
        'battery knows nothing new: the last message on /battery_state is 0 s old.'
    )


def _failure(reader):
    result = reader.run({}, CallContext('id', timeout_sec=0.05))
    return result if result.outcome is Outcome.UNAVAILABLE else None


def test_cancel_while_reading(ros_domain):
    cancel = CancelToken()
    cancel.cancel()
    result = make_reader(ros_domain).run({}, CallContext('id', cancel))
    assert (result.outcome, result.text) == (Outcome.CANCELED, 'battery was canceled.')


def test_a_latched_topic_may_be_old(ros_domain):
    publisher = ros_domain.make_node('battery').create_publisher(
        BatteryState, 'battery_state', LATCHED
    )
    publisher.publish(BatteryState(percentage=0.25))
    reader = make_reader(ros_domain, '    latched: true\n    max_age_sec: 0.001\n')
    assert reader.run({}, CallContext('id')).text == 'At 25 percent.'
    reader.close()
    reader.close()
