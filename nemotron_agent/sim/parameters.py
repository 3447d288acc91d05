"""The simulated robot's parameters."""

import dataclasses
import pathlib
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import config_file


@dataclasses.dataclass(frozen=True)
class RobotParameters:
    """What the node was started with.

    Attributes:
        world_file, places_file: what there is.
        speed_up: simulated seconds in a real one.
        step_sec: length of a simulation step [s].
        publishes_clock: whether the simulated time goes out on /clock.
    """

    world_file: pathlib.Path
    places_file: pathlib.Path
    speed_up: float
    step_sec: float
    publishes_clock: bool


def declare_parameters(node: Any) -> RobotParameters:
    """Declare the parameters and return their values; none can be changed later.

    Raises:
        ConfigurationError: a value given at the start cannot be used.
    """
    return RobotParameters(
        world_file=_file(node, 'world_file', 'world.yaml', 'World file'),
        places_file=_file(node, 'places_file', 'places.yaml', 'Places file'),
        speed_up=_number(node, 'speed_up', 1.0, 'Simulated seconds in a real one.', 0.1, 100.0),
        step_sec=_number(
            node, 'step_sec', 0.02, 'Length of a step of the simulation [s].', 0.001, 0.1
        ),
        publishes_clock=declare(
            node,
            'publish_clock',
            False,
            ParameterDescriptor(
                description='Publish the simulated time on /clock.', read_only=True
            ),
        ),
    )


def _file(node: Any, name: str, own: str, what: str) -> pathlib.Path:
    descriptor = ParameterDescriptor(
        description=f"{what}; empty is the package's own {own}.", read_only=True
    )
    path = declare(node, name, '', descriptor)
    return pathlib.Path(path).expanduser() if path else config_file(own)


def _number(
    node: Any, name: str, default: float, description: str, low: float, high: float
) -> float:
    return float(
        declare(
            node,
            name,
            default,
            ParameterDescriptor(
                description=description,
                read_only=True,
                floating_point_range=[FloatingPointRange(from_value=low, to_value=high)],
            ),
        )
    )


def declare(node: Any, name: str, default: Any, descriptor: ParameterDescriptor) -> Any:
    """Declare a parameter and return its value.

    Raises:
        ConfigurationError: the value given at the start cannot be used.
    """
    try:
        return node.declare_parameter(name, default, descriptor).value
    except InvalidParameterTypeException as error:
        kind = {bool: 'true or false', float: 'a number with a point', str: 'text'}[type(default)]
        raise ConfigurationError(
            f'parameter {name} has the wrong type: write {kind} ({error})'
        ) from error
    except InvalidParameterValueException as error:
        raise ConfigurationError(
            f'parameter {name}: choose {_choice(descriptor)} ({error})'
        ) from error


def _choice(descriptor: ParameterDescriptor) -> str:
    for bounds in descriptor.floating_point_range:
        return f'a number from {bounds.from_value:g} to {bounds.to_value:g}'
    return str(descriptor.additional_constraints)
