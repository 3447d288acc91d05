"""What this program runs on."""

from pathlib import Path


def processor_name(cpuinfo: Path = Path('/proc/cpuinfo')) -> str:
    """Name of the processor; empty where the system does not tell."""
    try:
        lines = cpuinfo.read_text(encoding='utf-8', errors='replace').splitlines()
    except OSError:
        return ''
    names = (line.partition(':')[2].strip() for line in lines if line.startswith('model name'))
    return next(names, '')
