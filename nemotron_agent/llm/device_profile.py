"""Devices to plan for from elsewhere."""

import difflib
from pathlib import Path
from typing import Annotated, Literal

import pydantic
import yaml

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import config_file
from nemotron_agent.llm.cpu_repacking import repacked_types
from nemotron_agent.llm.memory_budget import MemoryBudget, wanted_budget
from nemotron_agent.llm.memory_settings import Machine

_MIB = 1 << 20
Mebibytes = Annotated[int, pydantic.Field(gt=0)]


class DeviceProfile(pydantic.BaseModel):
    """What is known of a device.

    Attributes:
        name: key in the file.
        description: for people.
        memory_mib: memory that its Linux has, `MemTotal`.
        system_mib: what Linux, desktop and services hold of it.
        gpu: whether the GPU has the CPU's memory, its own, or there is none.
        cpu_flags: what the CPU can do, in the words of /proc/cpuinfo.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra='forbid')

    name: str
    description: str
    memory_mib: Mebibytes
    system_mib: Mebibytes
    gpu: Literal['shared', 'own', 'none']
    cpu_flags: tuple[str, ...] = ()

    def budget(self, wanted: str, reserve_bytes: int) -> MemoryBudget:
        """The least of what is wanted and what the device has to give.

        Raises:
            ConfigurationError: what is wanted is neither `auto` nor an amount nor a percentage.
        """
        total_bytes = self.memory_mib * _MIB
        left = max(0, total_bytes - self.system_mib * _MIB - reserve_bytes)
        budget = MemoryBudget(left, f'what {self.name} has, less its system and the reserve')
        wish = wanted_budget(wanted, total_bytes)
        return budget if wish is None else min(budget, wish, key=lambda each: each.bytes)

    @property
    def machine(self) -> Machine:
        """What a plan wants to know of it."""
        return Machine(
            has_gpu=self.gpu != 'none',
            shares_memory=self.gpu == 'shared',
            repacked_types=repacked_types(self.cpu_flags),
        )


def load_devices(path: Path | None = None) -> dict[str, DeviceProfile]:
    """Read the profiles shipped, or those of another file.

    Raises:
        ConfigurationError: a file or key that cannot be used.
    """
    path = path or config_file('devices.yaml')
    try:
        data = yaml.safe_load(path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f'the device profiles {path} cannot be read: {error}') from error
    if not isinstance(data, dict) or not all(isinstance(keys, dict) for keys in data.values()):
        raise ConfigurationError(f'{path}: write the name of each device and its keys below it')
    try:
        return {
            str(name): DeviceProfile.model_validate({**keys, 'name': str(name)})
            for name, keys in data.items()
        }
    except pydantic.ValidationError as error:
        problem = error.errors(include_url=False)[0]
        key = '.'.join(map(str, problem['loc']))
        raise ConfigurationError(f'{path}: {key}: {problem["msg"]}') from error


def find_device(name: str, devices: dict[str, DeviceProfile] | None = None) -> DeviceProfile:
    """Look a device up.

    Raises:
        ConfigurationError: there is none of that name.
    """
    devices = load_devices() if devices is None else devices
    if name in devices:
        return devices[name]
    near = difflib.get_close_matches(name.lower(), devices, n=1, cutoff=0.4)
    meant = f'did you mean {near[0]}? ' if near else ''
    raise ConfigurationError(f'there is no device {name!r}: {meant}There are {", ".join(devices)}')
