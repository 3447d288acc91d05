"""What figures were measured on."""

import datetime
import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from nemotron_agent.llm.llama_runtime import llama_cpp


def description() -> Iterator[str]:
    """Lines for people: processor, versions, time and command."""
    usable = len(os.sched_getaffinity(0))
    memory_gb = psutil.virtual_memory().total / 1e9
    yield f'{processor()}, {usable} cores, {memory_gb:.0f} GB'
    yield f'Python {platform.python_version()}, llama-cpp-python {llama_cpp.__version__}'
    yield f'{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC'
    yield ' '.join(['nemotron-agent', *sys.argv[1:]])


def processor() -> str:
    """Name of the processor; of its architecture where the system does not tell."""
    try:
        lines = Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines()
    except OSError:
        lines = []
    names = [line.partition(':')[2].strip() for line in lines if line.startswith('model name')]
    return names[0] if names else platform.machine()
