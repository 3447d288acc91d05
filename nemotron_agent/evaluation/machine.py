"""Where times were measured."""

import os
import platform
from pathlib import Path


def machine_text(cpuinfo: Path = Path('/proc/cpuinfo')) -> str:
    """The processor and its cores, in words."""
    try:
        lines = cpuinfo.read_text(encoding='utf-8', errors='replace').splitlines()
    except OSError:
        lines = []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    name = names[0] if names else platform.processor() or 'unknown processor'
    return f'{name} ({platform.machine()}), {len(os.sched_getaffinity(0))} cores'
