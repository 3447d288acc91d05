"""A robot that is kept out of a zone, by where its odometry says it is."""

import json

import yaml
from nemotron_agent_interfaces.srv import CallTool

from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.sim.robot_watch import RobotWatch
from nemotron_agent.testing.ros_domain import wait_for

SOON = 60.0
SCRIPT = {'reply_protocol': 'call_only', 'rules': [{'match': '.', 'text': 'Yes.'}]}
# The kitchen is straight ahead of the dock's door, the table behind the zone.
POLICY = """
allow: [{rule: all, origins: [service], skills: ['*']}]
facts:
  pose: {topic: odom, type: nav_msgs/msg/Odometry, field: pose.pose, frame: map}
zones:
  margin_m: 0.3
  localisation: {fact: pose, max_age_sec: 5}
  geofence: [[-3, -4], [5.5, -4], [5.5, 4], [-3, 4]]
  keep_out: {hole: [[0.8, 0.8], [1.4, 0.8], [1.4, 1.4], [0.8, 1.4]]}
"""


def test_a_call_that_leads_into_a_zone_moves_nothing(processes, ros_domain, tmp_path):
    script, policy = tmp_path / 'script.yaml', tmp_path / 'policy.yaml'
    script.write_text(yaml.safe_dump(SCRIPT))
    policy.write_text(POLICY)
    node = ros_domain.make_node('operator')
    client = node.create_client(CallTool, 'nemotron_agent/call_tool')

    def call(tool, **arguments):
        assert client.wait_for_service(SOON)
        request = CallTool.Request(tool=tool, arguments=json.dumps(arguments))
        future = client.call_async(request)
        wait_for(future.done, SOON)
        return future.result()

    processes.start_agent(model=f'scripted:{script}', policy_file=policy)
    unknown = call('drive', direction='forward', distance_m=0.5)
    assert unknown.message == 'Not allowed: the robot has not said its pose'
    processes.start_robot(speed_up=20.0)
    with TaskClient() as watching:
        watch = RobotWatch(watching.node)
        assert watch.wait_for(lambda state: state.place == 'dock', SOON)
        wait_for(lambda: 'said its pose' not in call('navigate_to', place='table').message, SOON)
        for tool, arguments, why in (
            ('navigate_to', {'place': 'table'}, 'on the straight way from (0.00, 0.00)'),
            ('drive', {'direction': 'backward', 'distance_m': 3.0}, 'outside the geofence'),
        ):
            denied = call(tool, **arguments)
            assert not denied.success
            assert why in denied.message
        assert watch.wait_for_next(lambda state: True, SOON).distance == 0.0
        driven = call('drive', direction='forward', distance_m=2.0)
        assert driven.success, driven.message
        assert call('navigate_to', place='table').success
        assert watch.wait_for(lambda state: state.place == 'table' and not state.moving, SOON)
