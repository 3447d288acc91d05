"""Strings the steps together."""

import dataclasses
import fcntl
import os
import platform
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from setup_steps import launchers, llama_wheel, machine
from setup_steps.cmake_exports import mend_exports
from setup_steps.command import run_logged
from setup_steps.errors import SetupError
from setup_steps.interfaces import build_interfaces
from setup_steps.layout import Layout, find_layout
from setup_steps.packages import constraints_for, pin_of, pip_install, requirement_files
from setup_steps.pip_settings import pip_environment
from setup_steps.progress import Progress, duration
from setup_steps.road import Road, find_road
from setup_steps.stamps import Stamps, digest
from setup_steps.virtual_environment import (
    base_python,
    calling_environment,
    make_environment,
    step_environment,
)

_CHECK = """
import llama_cpp, llguidance, rclpy
from nemotron_agent_interfaces.action import ExecuteTask
from rclpy.type_support import check_for_type_support
check_for_type_support(ExecuteTask)
"""


@dataclasses.dataclass(frozen=True)
class Step:
    """One step: its name, what people read, what it depends on, and how it is done.

    Attributes:
        note: what people should know before they wait for it.
    """

    name: str
    title: str
    digest: str
    act: Callable[[Progress], None]
    note: str = ''


class SetUp:
    """All steps for one checkout; each is done again only when what it depends on changes."""

    def __init__(self, layout: Layout, road: Road, environment: dict[str, str]) -> None:
        self._layout = layout
        self._road = road
        self._environment = step_environment(environment, road)
        pins = (layout.requirements / 'constraints.txt').read_text(encoding='utf-8')
        self._constraints = constraints_for(road, pins)
        self._llama_version = pin_of(pins, llama_wheel.NAME)
        self._llama_build = llama_wheel.describe_build(
            self._llama_version, self._environment, llama_wheel.read_cpu()
        )

    def steps(self) -> list[Step]:
        """Return the steps in order; each one's digest takes in those before it that matter."""
        venv = digest(
            [
                repr(self._road),
                os.path.realpath(base_python()),
                sys.version,
                str(self._layout.root),
            ]
        )
        tools = digest([venv, self._layout.requirements / 'build.txt', self._constraints])
        llama = digest([venv, self._llama_build])
        files = requirement_files(self._road, self._layout)
        python = digest([venv, self._constraints, *files])
        interfaces = digest([python, self._layout.interfaces])
        programs = digest(
            [venv, Path(launchers.__file__), *map(str, launchers.shared_files(self._layout))]
        )
        return [
            Step('environment', 'virtual environment', venv, self._make_environment),
            Step('tools', 'build tools', tools, self._install_tools),
            Step('llama', 'llama-cpp-python', llama, self._install_llama, self._llama_note()),
            Step('packages', 'Python packages', python, self._install_packages),
            Step('interfaces', 'ROS 2 interfaces', interfaces, self._build_interfaces),
            Step('programs', 'programs', programs, self._write_programs),
            Step('check', 'trial', digest([llama, interfaces, programs]), self._check),
        ]

    def check_machine(self) -> None:
        """Look for everything that the steps need.

        Raises:
            SetupError: something is missing.
        """
        if not self._road.sourced:
            machine.check_architecture(platform.machine())
        machine.check_tools(self._environment, sysconfig.get_python_version(), machine.has_module)
        if not self._layout.python.exists():
            machine.check_disk(
                {
                    self._layout.venv: machine.VENV_BYTES,
                    self._layout.cache: machine.CACHE_BYTES,
                    Path(tempfile.gettempdir()): machine.TEMPORARY_BYTES,
                }
            )

    def _llama_note(self) -> str:
        if llama_wheel.find_wheel(self._layout.cache, self._llama_build):
            return ''
        return f'compiling llama.cpp takes minutes, once; kept in {self._layout.cache}'

    def _pip_environment(self) -> dict[str, str]:
        return pip_environment(self._layout.python, self._environment)

    def _make_environment(self, progress: Progress) -> None:
        make_environment(self._road, self._layout, self._environment, progress)

    def _pip_arguments(self) -> list[str | Path]:
        file = self._layout.state / 'constraints.txt'
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._constraints, encoding='utf-8')
        return ['--constraint', file]

    def _install_tools(self, progress: Progress) -> None:
        arguments = [*self._pip_arguments(), '-r', self._layout.requirements / 'build.txt']
        pip_install('build tools', arguments, self._layout, self._pip_environment(), progress)

    def _install_llama(self, progress: Progress) -> None:
        environment = self._pip_environment()
        wheel = llama_wheel.find_wheel(self._layout.cache, self._llama_build)
        if wheel is None:
            wheel = llama_wheel.compile_wheel(
                self._layout, environment, self._llama_build, self._llama_version, progress
            )
        arguments: list[str | Path] = ['--no-deps', '--no-index', '--force-reinstall', wheel]
        pip_install(llama_wheel.NAME, arguments, self._layout, environment, progress)

    def _install_packages(self, progress: Progress) -> None:
        arguments = self._pip_arguments()
        for file in requirement_files(self._road, self._layout):
            arguments += ['-r', file]
        pip_install('Python packages', arguments, self._layout, self._pip_environment(), progress)
        if not self._road.sourced:
            (site,) = self._layout.venv.glob('lib/python3.*/site-packages')
            numpy_include = site / 'numpy' / '_core' / 'include'
            mend_exports(self._layout.venv, sysconfig.get_path('include'), str(numpy_include))

    def _build_interfaces(self, progress: Progress) -> None:
        build_interfaces(self._road, self._layout, self._environment, progress)

    def _write_programs(self, progress: Progress) -> None:
        launchers.write_launchers(self._road, self._layout)

    def _check(self, progress: Progress) -> None:
        program = self._layout.venv / 'bin' / launchers.ENVIRONMENT_PROGRAM
        command: list[str | Path] = [program, self._layout.python, '-c', _CHECK]
        run_logged(
            'the trial of what was installed',
            command,
            self._environment,
            self._layout.log('check'),
            progress,
        )


@contextmanager
def only_one(root: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other set-up works in this checkout, and say so."""
    folder = os.open(root, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say('waiting for another set-up of this checkout ...')
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def set_up(layout: Layout) -> None:
    """Do what is to be done.

    Raises:
        SetupError: it cannot be done.
    """
    environment = calling_environment(os.environ, layout.venv)
    road = find_road(environment, layout.venv, base_python())
    if not road.sourced and launchers.sourced_before(layout.venv):
        again = launchers.source_again(layout.venv, environment)
        environment = calling_environment(again, layout.venv)
        road = find_road(environment, layout.venv, base_python())
    work = SetUp(layout, road, environment)
    stamps = Stamps(layout.state / 'stamps')
    steps = work.steps()
    if not layout.python.exists():
        stamps.forget('environment')
    if all(stamps.is_fresh(step.name, step.digest) for step in steps):
        print('.venv is up to date')
        return
    started = time.monotonic()
    print(f'Setting up {layout.venv} {road.describe()}, Python {platform.python_version()}')
    work.check_machine()
    progress = Progress(sys.stdout, len(steps))
    for step in steps:
        if stamps.is_fresh(step.name, step.digest):
            progress.skip(step.title)
            continue
        stamps.forget(step.name)
        progress.start(step.title, step.note)
        step.act(progress)
        stamps.write(step.name, step.digest)
        progress.done()
    print(f'Ready in {duration(time.monotonic() - started)}: .venv/bin/nemotron-agent --help')


def run(root: str) -> int:
    """Set up the checkout at `root`; return the exit status."""
    layout = find_layout(Path(root), os.environ)
    try:
        with only_one(layout.root, print):
            set_up(layout)
    except SetupError as error:
        print(f'\nset-up cannot go on: {error}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('\nset-up was interrupted; `make setup` goes on where it stopped', file=sys.stderr)
        return 130
    return 0
