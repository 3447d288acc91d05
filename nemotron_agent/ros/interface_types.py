"""ROS types by name, loaded at run time."""

import importlib
from typing import Any

from nemotron_agent.core.errors import ConfigurationError

FOLDERS = ('action', 'msg', 'srv')


class InterfaceTypeError(ConfigurationError):
    """A ROS type that cannot be loaded.

    Args:
        message: what is wrong.
        remedy: what to do.
    """

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f'{message}: {remedy}')
        self.message = message
        self.remedy = remedy


def load_interface(name: str) -> Any:
    """Load the class of a type such as `nemotron_agent_interfaces/action/Spin`.

    Raises:
        InterfaceTypeError: the name has another form, or no such type is installed.
    """
    parts = name.split('/')
    if len(parts) != 3 or parts[1] not in FOLDERS or not all(p.isidentifier() for p in parts):
        raise InterfaceTypeError(
            f'"{name}" is no ROS type',
            'write package/action/Name, package/srv/Name or package/msg/Name',
        )
    package, folder, type_name = parts
    try:
        importlib.import_module(package)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise _unloadable(name, error) from error
        raise InterfaceTypeError(
            f'the ROS package {package} is not installed',
            f'install it (sudo apt install ros-$ROS_DISTRO-{package.replace("_", "-")}), or '
            'source the workspace that has it',
        ) from error
    except ImportError as error:
        raise _unloadable(name, error) from error
    try:
        module = importlib.import_module(f'{package}.{folder}')
    except ModuleNotFoundError as error:
        raise InterfaceTypeError(
            f'the ROS package {package} has no {folder} types', 'correct the name'
        ) from error
    except ImportError as error:
        raise _unloadable(name, error) from error
    found = getattr(module, type_name, None)
    if not isinstance(found, type):
        known = sorted(n for n in vars(module) if n[:1].isupper() and '_' not in n)
        raise InterfaceTypeError(
            f'the ROS package {package} has no {folder} {type_name}',
            f'use one of: {", ".join(known)}' if known else 'correct the name',
        )
    return found


def _unloadable(name: str, error: ImportError) -> InterfaceTypeError:
    return InterfaceTypeError(
        f'the ROS type {name} is installed and cannot be loaded ({error})',
        'source the ROS 2 it was built for',
    )


def constant_name(message_class: Any, value: int) -> str:
    """Name of the constant that has a value, such as `BLOCKED`; empty if there is none."""
    for name, constant in vars(message_class).items():
        if name.isupper() and type(constant) is int and constant == value:
            return name
    return ''
