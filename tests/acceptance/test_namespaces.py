"""Two robots on one machine."""

import yaml
from nemotron_agent_interfaces.action import ExecuteTask

from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.sim.robot_watch import RobotWatch

SOON = 60.0
SCRIPT = {
    'reply_protocol': 'call_only',
    'rules': [
        {
            'match': 'kitchen',
            'role': 'user',
            'call': {'name': 'navigate_to', 'arguments': {'place': 'kitchen'}},
        },
        {'match': '.', 'call': {'name': 'answer', 'arguments': {'text': 'Done.'}}},
    ],
}


def test_a_command_to_one_robot_moves_only_that_one(processes, tmp_path):
    script = tmp_path / 'script.yaml'
    script.write_text(yaml.safe_dump(SCRIPT))
    for namespace in ('/r1', '/r2'):
        processes.start_robot(namespace, speed_up=8.0)
        processes.start_agent(namespace, model=f'scripted:{script}')
    with TaskClient('/r1') as first, TaskClient('/r2') as second:
        moved, still = RobotWatch(first.node), RobotWatch(second.node)
        before = still.wait_for(lambda state: True, SOON)
        assert moved.wait_for(lambda state: state.place == 'dock', SOON)
        task = first.send(ExecuteTask.Goal(task='go to the kitchen'), lambda feedback: None)
        result = task.wait(SOON)
        assert result.error_code == ExecuteTask.Result.NONE, result.error_msg
        assert moved.wait_for(lambda state: state.place == 'kitchen', SOON)
        after = still.wait_for_next(lambda state: True, SOON)
        assert (after.x, after.y, after.yaw) == (before.x, before.y, before.yaw)
    for log in processes.stop():
        assert 'Traceback' not in log
