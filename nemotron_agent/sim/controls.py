"""What moves the robot besides its actions: `cmd_vel`, `set_light`, `reset`."""

import math
from collections.abc import Callable
from typing import Any

from geometry_msgs.msg import Twist
from std_srvs.srv import SetBool, Trigger

from nemotron_agent.sim.kinematics import Velocity
from nemotron_agent.sim.live_simulation import LiveSimulation
from nemotron_agent.sim.start_parameters import StartParameters

# The base stops when cmd_vel has been silent for so long [s].
SILENCE_SEC = 0.5


class Controls:
    """Steers by hand while no action moves the base; lights the lamp; puts everything back.

    Args:
        start: what a reset goes back to.
        on_change: publishes how things are, before a service answers.
    """

    def __init__(
        self,
        node: Any,
        live: LiveSimulation,
        start: StartParameters,
        on_change: Callable[[], None],
    ) -> None:
        self._live = live
        self._start = start
        self._on_change = on_change
        self._logger = node.get_logger()
        node.create_subscription(Twist, 'cmd_vel', self._drive, 10)
        node.create_service(SetBool, 'set_light', self._set_light)
        node.create_service(Trigger, 'reset', self._reset)

    def _drive(self, message: Twist) -> None:
        velocity = Velocity(message.linear.x, message.angular.z)
        if not (math.isfinite(velocity.linear) and math.isfinite(velocity.angular)):
            self._logger.warning('cmd_vel: not finite, left alone')
            return
        with self._live.use() as simulation:
            # The publisher's period is real time.
            simulation.base.drive_by_hand(velocity, SILENCE_SEC * self._live.speed_up)

    def _set_light(self, request: Any, response: Any) -> Any:
        with self._live.use() as simulation:
            simulation.light_is_on = request.data
        self._on_change()
        response.success = True
        response.message = 'the light is on' if request.data else 'the light is off'
        self._logger.info(response.message)
        return response

    def _reset(self, request: Any, response: Any) -> Any:
        with self._live.use() as simulation:
            simulation.reset(self._start.start)
        self._on_change()
        response.success = True
        response.message = 'everything is as it was at the start'
        self._logger.info('reset')
        return response
