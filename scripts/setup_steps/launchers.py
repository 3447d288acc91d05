"""Writes the programs of `.venv/bin`, and shows the package to Python and to ROS 2.

The package itself is not installed: the environment points at the checkout, so that an edited
file takes effect at once.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from setup_steps.errors import SetupError
from setup_steps.layout import Layout
from setup_steps.road import Road, setup_files

PACKAGE = 'nemotron_agent'
ENVIRONMENT_PROGRAM = 'nemotron-agent-env'
PROGRAMS: Mapping[str, str] = {
    'agent': 'nemotron_agent.ros.main',
    'nemotron-agent': 'nemotron_agent.cli.main',
    'simulated_robot': 'nemotron_agent.sim.main',
}

_HEADER = '# Written by `make setup`.'
_WHEELS = """\
#!/bin/sh
{header} Runs a command with this environment's Python and ROS 2.
venv={venv}
case ":${{AMENT_PREFIX_PATH:-$venv}}:" in
*":$venv:"*) ;;
*)
  echo "nemotron-agent: $venv brings a ROS 2 of its own, and another one is sourced." >&2
  echo "  Run 'make setup' in this shell to use that one, or use a shell without it." >&2
  exit 1
  ;;
esac
export AMENT_PREFIX_PATH="${{AMENT_PREFIX_PATH:-$venv}}" PATH="$venv/bin:$PATH"
unset PYTHONHOME _ROS_WHEELS_BOOTSTRAP_COMPLETE
exec "$@"
"""
_SOURCED = """\
#!/usr/bin/env bash
{header} Runs a command with this environment's Python and the ROS 2 of the set-up.
venv={venv}
load() {{
  if [ ! -f "$1" ]; then
    echo "nemotron-agent: $1 is gone: source ROS 2 and run 'make setup' again" >&2
    exit 1
  fi
  . "$1"
}}
for file in {files} "$venv/local_setup.bash"; do
  load "$file"
done
export PATH="$venv/bin:$PATH"
unset PYTHONHOME
exec "$@"
"""
_PROGRAM = """\
#!/bin/sh
{header}
exec {environment} {python} -c 'import sys
sys.argv[0] = "{name}"
if not sys.path[0]:
    del sys.path[0]  # the folder it is started in
from {module} import main
sys.exit(main())' "$@"
"""


def shared_files(layout: Layout) -> list[Path]:
    """Return what an installed package has in its share folder."""
    files = [layout.root / 'package.xml']
    for folder in ('config', 'launch'):
        found = sorted((layout.root / folder).rglob('*'))
        files += [file for file in found if file.is_file() and file.suffix != '.pyc']
    return files


def write_launchers(road: Road, layout: Layout) -> None:
    """Write the programs, the path file and the entry in the ament index."""
    programs = layout.venv / 'bin'
    template = _SOURCED if road.sourced else _WHEELS
    files = [shlex.quote(str(file)) for file in setup_files(road.prefixes)] if road.sourced else []
    _write_program(
        programs / ENVIRONMENT_PROGRAM,
        template.format(header=_HEADER, venv=shlex.quote(str(layout.venv)), files=' '.join(files)),
    )
    ros_programs = layout.venv / 'lib' / PACKAGE
    ros_programs.mkdir(parents=True, exist_ok=True)
    for name, module in PROGRAMS.items():
        text = _PROGRAM.format(
            header=_HEADER,
            environment=shlex.quote(str(programs / ENVIRONMENT_PROGRAM)),
            python=shlex.quote(str(layout.python)),
            name=name,
            module=module,
        )
        _write_program(ros_programs / name, text)
        if name == 'nemotron-agent':
            _write_program(programs / name, text)
    _write_path_file(road, layout)
    _write_index_entry(layout)


def sourced_before(venv: Path) -> bool:
    """Return whether the environment was made with a sourced ROS 2."""
    try:
        text = (venv / 'pyvenv.cfg').read_text(encoding='utf-8')
    except OSError:
        return False
    has_program = (venv / 'bin' / ENVIRONMENT_PROGRAM).is_file()
    return has_program and 'include-system-site-packages = true' in text


def source_again(venv: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with the ROS 2 sourced that the last set-up was made with.

    Raises:
        SetupError: it is no longer there.
    """
    said = subprocess.run(
        [venv / 'bin' / ENVIRONMENT_PROGRAM, 'env', '-0'],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode != 0:
        raise SetupError(
            f'{venv} was made with a sourced ROS 2 that is gone',
            'source the one to use now and run `make setup`, or start anew with `make clean`',
        )
    pairs = [item.partition('=') for item in said.stdout.split('\0') if item]
    return {name: value for name, _, value in pairs}


def _write_program(file: Path, text: str) -> None:
    file.write_text(text, encoding='utf-8')
    file.chmod(0o755)


def _write_path_file(road: Road, layout: Layout) -> None:
    lines = [str(layout.root)]
    if not road.sourced:
        # Python started without the programs above finds the messages' type support, too.
        lines.append('import os, sys; os.environ.setdefault("AMENT_PREFIX_PATH", sys.prefix)')
    (folder,) = layout.venv.glob('lib/python3.*/site-packages')
    (folder / f'{PACKAGE}.pth').write_text('\n'.join(lines) + '\n', encoding='utf-8')


def _write_index_entry(layout: Layout) -> None:
    """Let `ros2 launch` and `ros2 run` find the checkout in this prefix."""
    share = layout.venv / 'share'
    marker = share / 'ament_index' / 'resource_index' / 'packages' / PACKAGE
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    shutil.rmtree(share / PACKAGE, ignore_errors=True)
    for file in shared_files(layout):
        # File by file: `ros2 launch` does not look into a linked folder.
        link = share / PACKAGE / file.relative_to(layout.root)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(file, link.parent))
