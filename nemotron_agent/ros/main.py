"""Entry point of the agent node: `ros2 run nemotron_agent agent`."""

import sys

import rclpy
from rclpy.exceptions import ParameterException
from rclpy.executors import MultiThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn

from nemotron_agent.ros.agent_node import AgentNode
from nemotron_agent.ros.process import begin_process
from nemotron_agent.ros.spinner import Spinner

SWITCH_INTERVAL_SEC = 0.001
EXIT_NOT_CONFIGURED = 1
EXIT_BAD_PARAMETER = 2


def main(args: list[str] | None = None) -> int:
    """Run the node until a signal; return the exit status."""
    # A thread that wants to run waits so long for one that does not give way: the stop's as well.
    sys.setswitchinterval(SWITCH_INTERVAL_SEC)
    end = begin_process(args)
    try:
        node = AgentNode()
    except ParameterException as error:
        print(f'nemotron_agent: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return EXIT_BAD_PARAMETER
    executor = MultiThreadedExecutor(num_threads=node.executor_threads)
    executor.add_node(node)
    spinner = Spinner(executor)
    status = 0
    try:
        if node.get_parameter('autostart').value and not _autostart(node):
            status = EXIT_NOT_CONFIGURED
        else:
            end.wait()
    finally:
        node.release()
        spinner.close()
        node.destroy_node()
        rclpy.try_shutdown()
    return status


def _autostart(node: AgentNode) -> bool:
    """Configure and activate; return whether the node is active."""
    return (
        node.trigger_configure() is TransitionCallbackReturn.SUCCESS
        and node.trigger_activate() is TransitionCallbackReturn.SUCCESS
    )


if __name__ == '__main__':
    sys.exit(main())
