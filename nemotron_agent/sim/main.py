"""Entry point of the simulated robot: `ros2 run nemotron_agent simulated_robot`."""

import sys
import time

import rclpy
from rclpy.executors import MultiThreadedExecutor

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.ros.log_bridge import bridge_logging
from nemotron_agent.ros.process import begin_process
from nemotron_agent.ros.spinner import Spinner
from nemotron_agent.sim.robot import EXECUTOR_THREADS, NODE_NAME, SimulatedRobot

EXIT_NOT_CONFIGURED = 1
END_TIMEOUT_SEC = 2.0
# The results of ended goals are sent by the executor; nothing tells when they are out.
SEND_SEC = 0.1


def main(args: list[str] | None = None) -> int:
    """Run the robot until a signal; return the exit status."""
    end = begin_process(args)
    try:
        robot = SimulatedRobot()
    except NemotronAgentError as error:
        print(f'{NODE_NAME}: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return EXIT_NOT_CONFIGURED
    bridge_logging(robot.get_logger())
    executor = MultiThreadedExecutor(num_threads=EXECUTOR_THREADS)
    executor.add_node(robot)
    spinner = Spinner(executor)
    end.wait()
    if robot.stand_still(END_TIMEOUT_SEC):
        time.sleep(SEND_SEC)
    spinner.close()
    robot.destroy_node()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
