"""A cancel while a real model reads a long prompt."""

import pytest
from nemotron_agent_interfaces.action import ExecuteTask
from nemotron_agent_interfaces.srv import ListTools

from nemotron_agent.ros.task_client import TaskClient
from nemotron_agent.testing.ros_domain import wait_for

SOON = 60.0
LONG_COMMAND = 'Look at all the things in the room and then tell me. ' * 250


@pytest.mark.timeout(300)
def test_a_cancel_is_answered_while_the_model_reads_3000_tokens(processes, smollm2_path):
    processes.start_agent(model=smollm2_path, n_ctx=8192, max_command_bytes=100000)
    feedback = []
    with TaskClient() as client:
        goal = ExecuteTask.Goal(task=LONG_COMMAND, conversation_id='c')
        task = client.send(goal, feedback.append)
        reads = ExecuteTask.Feedback.PREFILL
        wait_for(lambda: any(f.phase == reads and 0 < f.progress < 0.5 for f in feedback), SOON)
        tools = client.node.create_client(ListTools, 'nemotron_agent/list_tools')
        assert tools.wait_for_service(SOON)
        listed = tools.call_async(ListTools.Request())
        wait_for(listed.done, SOON)
        assert task.wait(0.0) is None, 'a service was served while the model read'
        task.cancel()
        result = task.wait(SOON)
        assert task.canceled
        assert result.error_code == ExecuteTask.Result.CANCELED
        assert result.stats.generated_tokens == 0
        assert max(f.progress for f in feedback if f.phase == reads) < 1.0
        assert result.stats.prompt_tokens >= 3000

        after = client.send(ExecuteTask.Goal(task='hello', timeout_sec=60.0), feedback.append)
        ended = after.wait(SOON + 60.0)
        assert ended is not None, 'the agent goes on'
        assert ended.stats.generated_tokens > 0
