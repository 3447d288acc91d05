import os
import subprocess
import sys
from pathlib import Path

import pytest
from shell_program import write_program

from setup_steps.errors import SetupError
from setup_steps.launchers import source_again, sourced_before, write_launchers
from setup_steps.layout import Layout
from setup_steps.road import Road

WHEELS = Road(sourced=False)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A checkout with an environment, in a folder of an awkward name."""
    layout = Layout(root=tmp_path / "it's a checkout", cache=tmp_path / 'cache')
    (layout.venv / 'lib' / 'python3.11' / 'site-packages').mkdir(parents=True)
    write_program(layout.python, 'printf "%s\\n" "$@"')
    return layout


def run(
    layout: Layout, program: str, *arguments: str, folder: Path | None = None, **variables: str
):
    environment = {'PATH': os.environ['PATH'], **variables}
    return subprocess.run(
        [layout.venv / program, *arguments],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_program_passes_its_arguments_on(layout):
    write_launchers(WHEELS, layout)

    said = run(layout, 'bin/nemotron-agent', 'send', 'go to "the" kitchen').stdout.splitlines()

    assert said[-2:] == ['send', 'go to "the" kitchen']
    assert 'from nemotron_agent.cli.main import main' in said


def test_modules_in_the_current_folder_are_not_imported(layout, tmp_path):
    write_program(layout.python, f'exec {sys.executable} "$@"')
    write_launchers(WHEELS, layout)
    (tmp_path / 'nemotron_agent').mkdir()
    (tmp_path / 'nemotron_agent' / '__init__.py').write_text('raise SystemExit("wrong one")')

    said = run(layout, 'bin/nemotron-agent', '--help', folder=tmp_path)

    assert 'wrong one' not in said.stderr


def test_ros_finds_programs_and_files_in_the_prefix(layout):
    file = layout.root / 'launch' / 'agent.launch.py'
    file.parent.mkdir()
    file.touch()
    write_launchers(WHEELS, layout)
    write_launchers(WHEELS, layout)

    assert 'nemotron_agent.ros.main' in run(layout, 'lib/nemotron_agent/agent').stdout
    assert 'nemotron_agent.sim.main' in run(layout, 'lib/nemotron_agent/simulated_robot').stdout
    share = layout.venv / 'share'
    assert (share / 'ament_index/resource_index/packages/nemotron_agent').is_file()
    assert (share / 'nemotron_agent' / 'launch' / file.name).samefile(file)
    assert not (share / 'nemotron_agent' / 'launch').is_symlink()


def test_own_ros_comes_first_on_the_path(layout):
    write_launchers(WHEELS, layout)

    said = run(layout, 'bin/nemotron-agent-env', 'sh', '-c', 'echo "$AMENT_PREFIX_PATH $PATH"')

    assert said.stdout.startswith(f'{layout.venv} {layout.venv}/bin:')


def test_overlay_on_the_own_ros_is_kept(layout):
    write_launchers(WHEELS, layout)
    both = f'/overlay:{layout.venv}'

    said = run(layout, 'bin/nemotron-agent-env', 'env', AMENT_PREFIX_PATH=both)

    assert f'AMENT_PREFIX_PATH={both}' in said.stdout.splitlines()


def test_another_ros_is_not_mixed_with_the_own_one(layout):
    write_launchers(WHEELS, layout)

    said = run(layout, 'bin/nemotron-agent', AMENT_PREFIX_PATH='/opt/ros/humble')

    assert said.returncode == 1
    assert "Run 'make setup' in this shell" in said.stderr


def test_sourced_ros_is_sourced_again(layout, tmp_path):
    ros = tmp_path / 'humble'
    ros.mkdir()
    (ros / 'local_setup.bash').write_text('export FIRST="$#" ROS_DISTRO=humble\n')
    (layout.venv / 'local_setup.bash').write_text('export SECOND="over $ROS_DISTRO"\n')
    write_launchers(Road(sourced=True, prefixes=(ros,)), layout)

    said = run(layout, 'bin/nemotron-agent-env', 'sh', '-c', 'echo "$FIRST $SECOND"', 'x', 'y')

    assert said.stdout == '1 over humble\n'


def test_set_up_sources_again_what_it_was_made_with(layout, tmp_path):
    ros = tmp_path / 'humble'
    ros.mkdir()
    (ros / 'local_setup.bash').write_text('export TWO_LINES="a\nb=c"\n')
    (layout.venv / 'local_setup.bash').touch()
    assert not sourced_before(layout.venv)
    (layout.venv / 'pyvenv.cfg').write_text('include-system-site-packages = true\n')
    write_launchers(Road(sourced=True, prefixes=(ros,)), layout)
    assert sourced_before(layout.venv)

    environment = source_again(layout.venv, {'PATH': os.environ['PATH']})

    assert environment['TWO_LINES'] == 'a\nb=c'


def test_set_up_after_the_sourced_ros_went(layout, tmp_path):
    ros = tmp_path / 'humble'
    ros.mkdir()
    (ros / 'local_setup.bash').touch()
    write_launchers(Road(sourced=True, prefixes=(ros,)), layout)

    with pytest.raises(SetupError, match='made with a sourced ROS 2 that is gone'):
        source_again(layout.venv, {'PATH': os.environ['PATH']})


def test_sourced_ros_that_is_gone(layout, tmp_path):
    ros = tmp_path / 'humble'
    ros.mkdir()
    setup = ros / 'local_setup.bash'
    setup.touch()
    write_launchers(Road(sourced=True, prefixes=(ros,)), layout)
    setup.unlink()

    said = run(layout, 'bin/nemotron-agent', 'tools')

    assert said.returncode == 1
    assert f"{setup} is gone: source ROS 2 and run 'make setup' again" in said.stderr


def test_path_file_names_the_checkout(layout):
    write_launchers(WHEELS, layout)
    (file,) = layout.venv.glob('lib/python3.*/site-packages/nemotron_agent.pth')

    assert file.read_text().splitlines()[0] == str(layout.root)
    assert 'AMENT_PREFIX_PATH' in file.read_text()
