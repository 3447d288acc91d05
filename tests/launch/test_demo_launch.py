"""Starts demo.launch.py for real, with a scripted model."""

import inspect
from pathlib import Path

import pytest

pytest.importorskip('launch_pytest', reason='launch_pytest is not installed')
pytest.importorskip('launch_ros', reason='launch_ros is not installed')

import launch_pytest
from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from lifecycle_msgs.msg import State
from lifecycle_msgs.srv import GetState
from std_msgs.msg import String

from nemotron_agent.sim.robot_watch import RobotWatch
from nemotron_agent.testing.ros_domain import ros_domain, wait_for

__all__ = ['ros_domain']

pytestmark = [pytest.mark.ros, pytest.mark.slow]

# launch_pytest of before 2025 looks into fixtures in a way that pytest 8.4 ended.
if '_pytestfixturefunction' in inspect.getsource(launch_pytest.plugin) and (
    pytest.version_tuple >= (8, 4)
):
    pytest.skip('this launch_pytest needs pytest < 8.4', allow_module_level=True)

ROOT = Path(__file__).resolve().parents[2]
START_TIMEOUT_SEC = 60.0
SCRIPT = """\
reply_protocol: call_only
rules:
  - match: kitchen
    role: user
    call: {name: navigate_to, arguments: {place: kitchen}}
  - match: .
    call: {name: answer, arguments: {text: I am there.}}
"""


@launch_pytest.fixture
def demo(ros_domain, tmp_path):
    try:
        prefix = Path(get_package_prefix('nemotron_agent'))
    except PackageNotFoundError:
        pytest.skip('nemotron_agent is not installed: build it with colcon, or run make setup')
    if not (prefix / 'lib' / 'nemotron_agent' / 'agent').exists():
        pytest.skip(f'{prefix} has no executables of nemotron_agent')
    script = tmp_path / 'script.yaml'
    script.write_text(SCRIPT, encoding='utf-8')
    arguments = {
        'model': f'scripted:{script}',
        'namespace': 'r1',
        'speed_up': '10',
        'use_sim_time': 'true',
    }
    return LaunchDescription(
        [
            IncludeLaunchDescription(
                str(ROOT / 'launch' / 'demo.launch.py'), launch_arguments=arguments.items()
            ),
            launch_pytest.actions.ReadyToTest(),
        ]
    )


@pytest.mark.launch(fixture=demo)
def test_a_command_to_the_launched_agent_moves_the_launched_robot(demo, ros_domain):
    node = ros_domain.make_node('demo_user', namespace='r1')
    watch = RobotWatch(node)
    client = node.create_client(GetState, 'nemotron_agent/get_state')
    commands = node.create_publisher(String, 'command', 10)
    answers = []
    node.create_subscription(String, 'response', lambda message: answers.append(message.data), 10)

    def is_active():
        if not client.service_is_ready():
            return False
        future = client.call_async(GetState.Request())
        wait_for(future.done)
        return future.result().current_state.id == State.PRIMARY_STATE_ACTIVE

    wait_for(is_active, START_TIMEOUT_SEC)
    assert watch.wait_for(lambda state: state.place == 'dock', START_TIMEOUT_SEC)
    wait_for(lambda: commands.get_subscription_count() > 1, START_TIMEOUT_SEC)
    commands.publish(String(data='Go to the kitchen.'))
    assert watch.wait_for(lambda state: state.place == 'kitchen', START_TIMEOUT_SEC)
    wait_for(lambda: answers == ['I am there.'], START_TIMEOUT_SEC)
