"""Commands a simulated robot from another node: puts it where it is to begin."""

import threading
from typing import Any

from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParametersAtomically
from std_srvs.srv import Trigger

from nemotron_agent.core.errors import NemotronAgentError
from nemotron_agent.sim.robot_watch import RobotState, RobotWatch
from nemotron_agent.sim.start import Start

ROBOT = 'simulated_robot'


class RobotRemoteError(NemotronAgentError):
    """The simulated robot does not answer, or refuses."""


class RobotRemote:
    """Client of the robot in the node's namespace; the node is spun by somebody else.

    Attributes:
        watch: its newest state.
    """

    def __init__(self, node: Any) -> None:
        self.watch = RobotWatch(node)
        self._set = node.create_client(
            SetParametersAtomically, f'{ROBOT}/set_parameters_atomically'
        )
        self._reset = node.create_client(Trigger, 'reset')

    @property
    def is_ready(self) -> bool:
        """Whether its services are there."""
        return bool(self._set.service_is_ready() and self._reset.service_is_ready())

    def restart(self, start: Start, timeout_sec: float = 10.0) -> RobotState:
        """Put everything as it is to be at a start, and wait until it is told so.

        Raises:
            RobotRemoteError: the start cannot be, or the robot does not answer in time.
        """
        request = SetParametersAtomically.Request(parameters=_parameters(start))
        result = self._call(self._set, request, timeout_sec).result
        if not result.successful:
            raise RobotRemoteError(f'the simulated robot refuses the start: {result.reason}')
        self._call(self._reset, Trigger.Request(), timeout_sec)
        state = self.watch.wait_for(lambda state: _is_at(state, start), timeout_sec)
        if state is None:
            raise RobotRemoteError(
                f'the simulated robot was reset and is not at its start: {self.watch.state}'
            )
        return state

    def _call(self, client: Any, request: Any, timeout_sec: float) -> Any:
        if not client.wait_for_service(timeout_sec):
            raise RobotRemoteError(f'the simulated robot has no service {client.srv_name}')
        answered = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        if not answered.wait(timeout_sec):
            client.remove_pending_request(future)
            raise RobotRemoteError(
                f'the simulated robot did not answer {client.srv_name} in {timeout_sec:g} s'
            )
        return future.result()


def _is_at(state: RobotState, start: Start) -> bool:
    return (
        not state.moving
        and not state.active_goals
        and start.place in ('', state.place)
        and state.holding == (start.holding or None)
        and state.light == start.light
    )


def _parameters(start: Start) -> list[Any]:
    text = ParameterType.PARAMETER_STRING
    values = {
        'start.place': ParameterValue(type=text, string_value=start.place),
        'start.holding': ParameterValue(type=text, string_value=start.holding),
        'start.light': ParameterValue(type=ParameterType.PARAMETER_BOOL, bool_value=start.light),
    }
    return [Parameter(name=name, value=value) for name, value in values.items()]
