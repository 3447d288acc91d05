"""Where ROS 2 comes from: a sourced installation, or wheels from the package index."""

import dataclasses
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from setup_steps.errors import SetupError

# What a sourced ROS 2 was compiled against or plugs into stays as the system has it.
HELD = ('empy', 'lark', 'numpy', 'pytest', 'setuptools')
# ROS packages the agent and the build of its interfaces use.
ROS_PACKAGES = (
    'action_msgs',
    'ament_cmake',
    'diagnostic_msgs',
    'geometry_msgs',
    'lifecycle_msgs',
    'nav_msgs',
    'rclpy',
    'rosidl_default_generators',
    'sensor_msgs',
    'std_msgs',
    'std_srvs',
)
_PROBE = """
import importlib.metadata, json, sys
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
import rclpy
print(json.dumps(versions))
"""


@dataclasses.dataclass(frozen=True)
class Road:
    """Where ROS 2 comes from.

    Attributes:
        sourced: an installed ROS 2 is sourced; otherwise it comes as wheels.
        prefixes: the sourced installation's folders, topmost overlay first.
        held: versions of distributions that must stay as the system has them.
    """

    sourced: bool
    prefixes: tuple[Path, ...] = ()
    held: tuple[tuple[str, str], ...] = ()

    def describe(self) -> str:
        """Name the road for people."""
        if self.sourced:
            return f'with the ROS 2 sourced from {self.prefixes[-1]}'
        return 'with ROS 2 from the package index'


def find_road(environment: Mapping[str, str], venv: Path, python: str) -> Road:
    """Find out whether a ROS 2 is sourced.

    Args:
        environment: of the shell that called.
        venv: our own environment, whose own ROS 2 does not count.
        python: the interpreter that the environment will be made with.

    Raises:
        SetupError: one is sourced, but this interpreter cannot use it, or it lacks packages.
    """
    names = environment.get('AMENT_PREFIX_PATH', '').split(os.pathsep)
    paths = [Path(name) for name in names if name]
    prefixes = tuple(path for path in paths if path.is_dir() and path.resolve() != venv.resolve())
    if not prefixes:
        return Road(sourced=False)
    said = subprocess.run(
        [python, '-c', _PROBE, *HELD],
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode != 0:
        reason = (said.stderr.strip().splitlines() or ['no reason given'])[-1]
        raise SetupError(
            f'a ROS 2 is sourced from {prefixes[-1]}, but {python} cannot use it: {reason}',
            'make setup PYTHON=/usr/bin/python3 (the interpreter that ROS 2 was built for), '
            'or use a shell in which ROS 2 is not sourced',
        )
    _check_packages(prefixes, environment.get('ROS_DISTRO', '$ROS_DISTRO'))
    held = json.loads(said.stdout.strip().splitlines()[-1])
    return Road(sourced=True, prefixes=prefixes, held=tuple(sorted(held.items())))


def _check_packages(prefixes: tuple[Path, ...], distribution: str) -> None:
    missing = [
        name
        for name in ROS_PACKAGES
        if not any((prefix / 'share' / name / 'package.xml').is_file() for prefix in prefixes)
    ]
    if missing:
        debian = ' '.join(f'ros-{distribution}-{name.replace("_", "-")}' for name in missing)
        raise SetupError(
            f'the sourced ROS 2 lacks {", ".join(missing)}', f'sudo apt install {debian}'
        )


def setup_files(prefixes: tuple[Path, ...]) -> list[Path]:
    """Return the files to source for these prefixes, the lowest underlay first.

    An isolated workspace has its setup file one folder above each package's prefix.

    Raises:
        SetupError: none has one, so nothing could be sourced later.
    """
    found: list[Path] = []
    for prefix in reversed(prefixes):
        for folder in (prefix, prefix.parent):
            file = folder / 'local_setup.bash'
            if file.is_file():
                if file not in found:
                    found.append(file)
                break
    if not found:
        raise SetupError(
            f'{prefixes[-1]} is on AMENT_PREFIX_PATH, and no local_setup.bash lies there',
            'source the setup file of an installed ROS 2 or of a built workspace',
        )
    return found
