"""Compiles llama-cpp-python once for a machine, and keeps the wheel in the cache.

ggml is compiled for the very CPU it is compiled on, so a wheel fits only machines of that kind.
"""

import hashlib
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from setup_steps.errors import SetupError
from setup_steps.layout import Layout
from setup_steps.packages import run_pip
from setup_steps.progress import Progress

NAME = 'llama-cpp-python'
FLAGS = ('CMAKE_ARGS', 'CC', 'CXX', 'CFLAGS', 'CXXFLAGS', 'LDFLAGS', 'CUDACXX')
# What one compiler process of llama.cpp takes at its worst.
BYTES_PER_JOB = 1024**3
# The number in `[12/345] Building` (Ninja) or `[ 12%] Building` (make).
_BUILT = re.compile(r'\[\s*(\d+/\d+|\d+%)\]')


def describe_build(version: str, environment: Mapping[str, str], cpu: str) -> str:
    """Write down everything that makes one build of llama.cpp differ from another.

    The wheel's tag is py3-none, so the Python version is not part of it.
    """
    lines = [
        f'version {version}',
        f'machine {platform.machine()}',
        f'libc {" ".join(platform.libc_ver())}',
        f'cpu {cpu}',
    ]
    lines += [f'{name} {environment[name]}' for name in FLAGS if environment.get(name)]
    return '\n'.join(lines) + '\n'


def read_cpu(cpuinfo: Path = Path('/proc/cpuinfo')) -> str:
    """Return model and instruction sets of the first CPU, as far as the system tells."""
    first = _read(cpuinfo).split('\n\n')[0]
    wanted = ('model name', 'flags', 'Features', 'CPU implementer', 'CPU part')
    lines = [line.partition(':') for line in first.splitlines()]
    return ' '.join(value.strip() for key, _, value in lines if key.strip() in wanted)


def compile_jobs() -> int:
    """Return how many compilers fit into this machine's cores and free memory."""
    cores = len(os.sched_getaffinity(0))
    found = re.search(r'^MemAvailable:\s*(\d+) kB', _read(Path('/proc/meminfo')), re.MULTILINE)
    return max(1, min(cores, int(found[1]) * 1024 // BYTES_PER_JOB)) if found else 1


def find_wheel(cache: Path, build: str) -> Path | None:
    """Return the wheel of a build, if the cache has it."""
    return next(iter(sorted(_folder(cache, build).glob('*.whl'))), None)


def compile_wheel(
    layout: Layout, environment: Mapping[str, str], build: str, version: str, progress: Progress
) -> Path:
    """Compile the wheel into the cache and return it.

    Raises:
        SetupError: the cache cannot be written, or the index does not answer.
        CommandError: it does not compile.
    """
    folder = _folder(layout.cache, build)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix='compiling-', dir=folder.parent))
    except OSError as error:
        raise SetupError(
            f'the cache {layout.cache} cannot be written: {error.strerror}',
            'set NEMOTRON_AGENT_CACHE to a folder that can',
        ) from error
    try:
        (work / 'build.txt').write_text(build, encoding='utf-8')
        # pip's own cache does not tell builds with different CMAKE_ARGS apart.
        command: list[str | Path] = ['wheel', '--verbose', '--no-cache-dir', '--no-deps']
        command += [
            '--no-build-isolation',
            '--wheel-dir',
            work,
            '--no-binary',
            NAME,
            f'{NAME}=={version}',
        ]
        run_pip(
            f'compiling {NAME}',
            command,
            layout,
            _compile_environment(layout, environment),
            progress,
            _detail,
        )
        shutil.rmtree(folder, ignore_errors=True)
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    wheel = find_wheel(layout.cache, build)
    if wheel is None:
        raise SetupError(f'compiling {NAME} made no wheel', f'see the logs in {layout.state}')
    return wheel


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding='utf-8', errors='replace')
    except OSError:
        return ''


def _folder(cache: Path, build: str) -> Path:
    return cache / 'wheels' / hashlib.sha256(build.encode()).hexdigest()[:16]


def _compile_environment(layout: Layout, environment: Mapping[str, str]) -> dict[str, str]:
    jobs = environment.get('CMAKE_BUILD_PARALLEL_LEVEL') or str(compile_jobs())
    path = f'{layout.python.parent}{os.pathsep}{environment.get("PATH", os.defpath)}'
    return {**environment, 'CMAKE_BUILD_PARALLEL_LEVEL': jobs, 'PATH': path}


def _detail(line: str) -> str:
    found = _BUILT.search(line)
    return f'[{found[1]}]' if found else ''
