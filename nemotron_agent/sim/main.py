"""Entry point of the simulated robot: `ros2 run nemotron_agent simulated_robot`."""

import signal
import sys
import threading
import time

import rclpy
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.sim.robot import EXECUTOR_THREADS, NODE_NAME, SimulatedRobot

EXIT_NOT_CONFIGURED = 1
END_TIMEOUT_SEC = 2.0


def main(args: list[str] | None = None) -> int:
    """Run the robot until a signal; return the exit status."""
    rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        robot = SimulatedRobot()
    except NemotronAgentError as error:
        print(f'{NODE_NAME}: {error}', file=sys.stderr)
        rclpy.try_shutdown()
        return EXIT_NOT_CONFIGURED
    executor = MultiThreadedExecutor(num_threads=EXECUTOR_THREADS)
    executor.add_node(robot)
    spinning = threading.Thread(target=_spin, args=(executor,), name='executor', daemon=True)
    spinning.start()
    stop.wait()
    robot.stand_still()
    deadline = time.monotonic() + END_TIMEOUT_SEC
    while robot.has_goals and time.monotonic() < deadline:
        time.sleep(0.02)
    executor.shutdown(timeout_sec=END_TIMEOUT_SEC)
    robot.destroy_node()
    rclpy.try_shutdown()
    spinning.join(timeout=END_TIMEOUT_SEC)
    return 0


def _spin(executor: MultiThreadedExecutor) -> None:
    try:
        executor.spin()
    except ExternalShutdownException:
        return


if __name__ == '__main__':
    sys.exit(main())
