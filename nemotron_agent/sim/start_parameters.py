"""The parameters `start.place`, `start.holding` and `start.light`: what a reset goes back to."""

from collections.abc import Sequence
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult

from nemotron_agent.sim.parameters import declare
from nemotron_agent.sim.start import Start
from nemotron_agent.sim.world import World

PREFIX = 'start.'


class StartParameters:
    """They take effect with the next reset.

    Raises:
        ConfigurationError: a value given at the start of the node cannot be used.
    """

    def __init__(self, node: Any, world: World) -> None:
        self._node = node
        self._world = world
        node.add_on_set_parameters_callback(self._check)
        for name, default, what in (
            ('place', '', "Place to begin at; empty is the world's own."),
            ('holding', '', 'Object in the gripper; empty for none.'),
            ('light', False, 'Whether the light is on.'),
        ):
            constraint = {
                'place': f'one of {", ".join(world.places)}',
                'holding': f'what the gripper can hold, of {", ".join(world.objects)}',
            }.get(name, 'true or false')
            descriptor = ParameterDescriptor(
                description=f'{what} Taken at the next reset.', additional_constraints=constraint
            )
            declare(node, PREFIX + name, default, descriptor)

    @property
    def start(self) -> Start:
        """The beginning as it is set now."""
        names = ('place', 'holding', 'light')
        return Start(*(self._node.get_parameter(PREFIX + name).value for name in names))

    def _check(self, parameters: Sequence[Any]) -> SetParametersResult:
        given = {
            parameter.name.removeprefix(PREFIX): parameter.value
            for parameter in parameters
            if parameter.name in (f'{PREFIX}place', f'{PREFIX}holding')
        }
        problem = Start(**given).problem(self._world)
        return SetParametersResult(successful=not problem, reason=problem)
