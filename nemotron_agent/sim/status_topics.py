"""What the robot tells of itself: `odom`, `battery_state`, `robot_state`, `/clock`."""

import math
import threading
from typing import Any

from nav_msgs.msg import Odometry
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import BatteryState
from std_msgs.msg import String

from nemotron_agent.sim.goal_record import GoalRecord
from nemotron_agent.sim.live_simulation import LiveSimulation
from nemotron_agent.sim.qos import LATCHED
from nemotron_agent.sim.robot_state import RobotState
from nemotron_agent.sim.ros_messages import pose_message, time_message
from nemotron_agent.sim.voice import Voice


class StatusTopics:
    """Publishes the state of now, one method a topic. `odom` and the map are the same frame."""

    def __init__(
        self,
        node: Any,
        live: LiveSimulation,
        record: GoalRecord,
        voice: Voice,
        publishes_clock: bool,
    ) -> None:
        self._node = node
        self._live = live
        self._record = record
        self._voice = voice
        self._state_lock = threading.Lock()
        self._battery_lock = threading.Lock()
        self._odom = node.create_publisher(Odometry, 'odom', 10)
        self._battery = node.create_publisher(BatteryState, 'battery_state', LATCHED)
        self._state = node.create_publisher(String, 'robot_state', LATCHED)
        self._clock = node.create_publisher(Clock, '/clock', 10) if publishes_clock else None

    def publish_clock(self) -> None:
        """Publish the simulated time, if that was asked for."""
        if self._clock is not None:
            with self._live.use() as simulation:
                time_sec = simulation.time_sec
            self._clock.publish(Clock(clock=time_message(time_sec)))

    def publish_odom(self) -> None:
        """Publish pose and velocity."""
        message = Odometry()
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.header.frame_id = 'odom'
        message.child_frame_id = 'base_link'
        with self._live.use() as simulation:
            base = simulation.base
            message.pose.pose = pose_message(base.pose)
            message.twist.twist.linear.x = base.velocity.linear
            message.twist.twist.angular.z = base.velocity.angular
        self._odom.publish(message)

    def publish_battery(self) -> None:
        """Publish charge and voltage; a simulated battery has no current or capacity."""
        with self._battery_lock:
            self._battery.publish(self._battery_message())

    def publish_state(self) -> None:
        """Publish everything as JSON; states go out in the order in which they were."""
        with self._state_lock:
            with self._live.use() as simulation:
                state = RobotState.of(simulation, self._record, self._voice.said)
            self._state.publish(String(data=state.to_json()))

    def _battery_message(self) -> BatteryState:
        with self._live.use() as simulation:
            battery = simulation.battery
            level, voltage, charging = battery.level, battery.voltage, battery.charging
        if not charging:
            status = BatteryState.POWER_SUPPLY_STATUS_DISCHARGING
        elif level < 1.0:
            status = BatteryState.POWER_SUPPLY_STATUS_CHARGING
        else:
            status = BatteryState.POWER_SUPPLY_STATUS_FULL
        message = BatteryState(
            voltage=voltage,
            percentage=level,
            power_supply_status=status,
            power_supply_health=BatteryState.POWER_SUPPLY_HEALTH_GOOD,
            power_supply_technology=BatteryState.POWER_SUPPLY_TECHNOLOGY_LION,
            present=True,
        )
        for unknown in ('temperature', 'current', 'charge', 'capacity', 'design_capacity'):
            setattr(message, unknown, math.nan)
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.header.frame_id = 'base_link'
        return message
