"""The simulated robot's node: wires its parts and keeps the time."""

import time
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from nemotron_agent.sim.action_server import RobotActionServer
from nemotron_agent.sim.actions.drive_on_heading import DriveOnHeadingAction
from nemotron_agent.sim.actions.gripper_cmd import GripperCmdAction
from nemotron_agent.sim.actions.navigate_to_pose import NavigateToPoseAction
from nemotron_agent.sim.actions.spin import SpinAction
from nemotron_agent.sim.controls import Controls
from nemotron_agent.sim.detection_topics import DetectionTopics
from nemotron_agent.sim.faults import Faults
from nemotron_agent.sim.goal_record import GoalRecord
from nemotron_agent.sim.live_simulation import LiveSimulation
from nemotron_agent.sim.parameters import declare_parameters
from nemotron_agent.sim.simulation import Simulation
from nemotron_agent.sim.start_parameters import StartParameters
from nemotron_agent.sim.status_topics import StatusTopics
from nemotron_agent.sim.voice import Voice
from nemotron_agent.sim.world import load_world

NODE_NAME = 'simulated_robot'
TICK_SEC = 0.04
# The waits of execute callbacks, a new goal's too, and some threads that never wait.
EXECUTOR_THREADS = 8


class SimulatedRobot(Node):
    """A mobile robot with a gripper in a room.

    Needs a multi-threaded executor with EXECUTOR_THREADS threads. The simulation advances in a
    timer of the steady clock; everything else only looks at it.

    Raises:
        ConfigurationError: a parameter, the world file or the places file cannot be used.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NODE_NAME, **kwargs)
        self._servers: list[RobotActionServer] = []
        parameters = declare_parameters(self)
        world = load_world(parameters.world_file, parameters.places_file)
        start = StartParameters(self, world)
        simulation = Simulation(world, parameters.step_sec)
        simulation.reset(start.start)
        self._live = LiveSimulation(simulation, parameters.speed_up)
        self._record = GoalRecord()
        actions = (
            NavigateToPoseAction(),
            DriveOnHeadingAction(),
            SpinAction(),
            GripperCmdAction(),
        )
        faults = Faults(self, [action.name for action in actions])
        self._status = StatusTopics(
            self, self._live, self._record, Voice(self), parameters.publishes_clock
        )
        self._detections = DetectionTopics(self, self._live)
        self._controls = Controls(self, self._live, start, self._publish_changes)
        self._servers = [
            RobotActionServer(
                self, action, self._live, faults, self._record, self._publish_changes
            )
            for action in actions
        ]
        # Each topic's period, in ticks.
        self._publications = {
            self._status.publish_clock: 1,
            self._status.publish_odom: 1,
            self._status.publish_state: 5,
            self._detections.publish: 12,
            self._status.publish_battery: 12,
        }
        self._ticks = 0
        self._timer = self.create_timer(
            TICK_SEC,
            self._tick,
            callback_group=MutuallyExclusiveCallbackGroup(),
            clock=Clock(clock_type=ClockType.STEADY_TIME),
        )
        self.get_logger().info(
            f'ready for goals: {len(world.places)} places, {len(world.objects)} objects, '
            f'{parameters.speed_up:g} times as fast as the clock'
        )

    def stand_still(self, timeout_sec: float = 0.0) -> bool:
        """End all movements, and each that begins later; their goals end as aborted.

        Returns whether all goals have ended within the time-out.
        """
        self._live.close()
        return self._record.wait_until_idle(timeout_sec)

    def destroy_node(self) -> None:
        """Take everything down, also a node whose making failed."""
        if self._servers:
            self.stand_still()
        for server in self._servers:
            server.destroy()
        super().destroy_node()

    def _publish_changes(self) -> None:
        """Publish what others wait for at once; the state last, as they wait for that."""
        self._detections.publish()
        self._status.publish_battery()
        self._status.publish_state()

    def _tick(self) -> None:
        self._live.tick(time.monotonic())
        for publish, period in self._publications.items():
            if self._ticks % period == 0:
                publish()
        self._ticks += 1
