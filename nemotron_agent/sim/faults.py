"""Faults on request: what each action is told to do wrong, as parameters of the node."""

import enum
from collections.abc import Sequence
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult

from nemotron_agent.sim.parameters import declare

# A goal that is to fail in the middle of its work has worked for so long [simulated s].
MID_GOAL_SEC = 0.5
# Exit status of a robot that was told to die.
DEATH_STATUS = 70


class Fault(enum.Enum):
    """What an action does wrong with the goals it gets from now on."""

    NONE = 'none'
    REJECT = 'reject'
    ABORT = 'abort'
    HANG = 'hang'
    IGNORE_CANCEL = 'ignore_cancel'
    DIE = 'die'


CHOICES = tuple(fault.value for fault in Fault)


class Faults:
    """The parameters `fault.<action>`, each one of CHOICES."""

    def __init__(self, node: Any, actions: Sequence[str]) -> None:
        self._node = node
        self._names = {action: f'fault.{action}' for action in actions}
        node.add_on_set_parameters_callback(self._check)
        for action, name in self._names.items():
            declare(
                node,
                name,
                Fault.NONE.value,
                ParameterDescriptor(
                    description=f'What {action} does wrong with the goals it gets from now on.',
                    additional_constraints='one of ' + ', '.join(CHOICES),
                ),
            )

    def of(self, action: str) -> Fault:
        """Return the fault an action has now."""
        return Fault(self._node.get_parameter(self._names[action]).value)

    def _check(self, parameters: Sequence[Any]) -> SetParametersResult:
        for parameter in parameters:
            if parameter.name in self._names.values() and parameter.value not in CHOICES:
                return SetParametersResult(
                    successful=False,
                    reason=f'parameter {parameter.name} is "{parameter.value}": '
                    f'choose one of {", ".join(CHOICES)}',
                )
        return SetParametersResult(successful=True)
