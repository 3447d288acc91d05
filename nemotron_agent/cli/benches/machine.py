"""What figures were measured on."""

import datetime
import os
import platform
import sys
from collections.abc import Iterator

import psutil

from nemotron_agent.core.machine import processor_name
from nemotron_agent.llm.llama_runtime import llama_cpp


def description() -> Iterator[str]:
    """Lines for people: processor, versions, time and command."""
    usable = len(os.sched_getaffinity(0))
    memory_gb = psutil.virtual_memory().total / 1e9
    yield f'{processor_name() or platform.machine()}, {usable} cores, {memory_gb:.0f} GB'
    yield f'Python {platform.python_version()}, llama-cpp-python {llama_cpp.__version__}'
    yield f'{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC'
    yield ' '.join(['nemotron-agent', *sys.argv[1:]])
