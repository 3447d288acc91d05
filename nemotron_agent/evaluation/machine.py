"""Where times were measured."""

import os
import platform
from pathlib import Path

from nemotron_agent.core.machine import processor_name


def machine_text(cpuinfo: Path = Path('/proc/cpuinfo')) -> str:
    """The processor and its cores, in words."""
    name = processor_name(cpuinfo) or platform.processor() or 'unknown processor'
    return f'{name} ({platform.machine()}), {len(os.sched_getaffinity(0))} cores'
