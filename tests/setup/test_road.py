import os
from pathlib import Path

import pytest

from setup_steps.errors import SetupError
from setup_steps.road import ROS_PACKAGES, Road, find_road, setup_files
from setup_steps.virtual_environment import base_python


def make_prefix(folder: Path, packages: tuple[str, ...] = ROS_PACKAGES) -> Path:
    """An installed ROS 2 with these packages and an rclpy that can be imported."""
    for name in packages:
        (folder / 'share' / name).mkdir(parents=True)
        (folder / 'share' / name / 'package.xml').touch()
    (folder / 'python' / 'rclpy').mkdir(parents=True)
    (folder / 'python' / 'rclpy' / '__init__.py').touch()
    metadata = folder / 'python' / 'numpy-1.21.5.dist-info'
    metadata.mkdir()
    (metadata / 'METADATA').write_text('Metadata-Version: 2.1\nName: numpy\nVersion: 1.21.5\n')
    return folder


def environment_of(*prefixes: Path) -> dict[str, str]:
    return {
        'PATH': os.environ['PATH'],
        'AMENT_PREFIX_PATH': os.pathsep.join(str(prefix) for prefix in prefixes),
        'PYTHONPATH': str(prefixes[-1] / 'python'),
        'ROS_DISTRO': 'humble',
    }


def test_nothing_sourced(tmp_path: Path):
    assert find_road({}, tmp_path / '.venv', base_python()) == Road(sourced=False)


def test_own_environment_and_vanished_folders_do_not_count(tmp_path: Path):
    venv = tmp_path / '.venv'
    venv.mkdir()
    environment = {'AMENT_PREFIX_PATH': f'{venv}:{tmp_path}/gone:'}

    assert not find_road(environment, venv, base_python()).sourced


def test_sourced_ros_is_used_and_its_numpy_held(tmp_path: Path):
    overlay = tmp_path / 'overlay'
    overlay.mkdir()
    ros = make_prefix(tmp_path / 'humble')

    road = find_road(environment_of(overlay, ros), tmp_path / '.venv', base_python())

    assert road.sourced
    assert road.prefixes == (overlay, ros)
    assert ('numpy', '1.21.5') in road.held
    assert str(ros) in road.describe()


def test_interpreter_that_ros_was_not_built_for(tmp_path: Path):
    ros = make_prefix(tmp_path / 'humble')
    environment = {**environment_of(ros), 'PYTHONPATH': ''}

    with pytest.raises(SetupError, match="cannot use it: .*No module named 'rclpy'") as caught:
        find_road(environment, tmp_path / '.venv', base_python())

    assert 'make setup PYTHON=/usr/bin/python3' in caught.value.remedy


def test_sourced_ros_without_all_packages(tmp_path: Path):
    some = tuple(name for name in ROS_PACKAGES if name not in ('std_srvs', 'nav_msgs'))
    ros = make_prefix(tmp_path / 'humble', some)

    with pytest.raises(SetupError, match='lacks nav_msgs, std_srvs') as caught:
        find_road(environment_of(ros), tmp_path / '.venv', base_python())

    assert caught.value.remedy == 'sudo apt install ros-humble-nav-msgs ros-humble-std-srvs'


def test_setup_files_lowest_first_and_each_once(tmp_path: Path):
    ros = tmp_path / 'humble'
    one, other = tmp_path / 'workspace' / 'one', tmp_path / 'workspace' / 'other'
    for folder in (ros, one, other):
        folder.mkdir(parents=True)
    (ros / 'local_setup.bash').touch()
    (tmp_path / 'workspace' / 'local_setup.bash').touch()

    files = setup_files((one, other, ros))

    assert files == [ros / 'local_setup.bash', tmp_path / 'workspace' / 'local_setup.bash']


def test_prefix_without_a_setup_file(tmp_path: Path):
    ros = tmp_path / 'some' / 'prefix'
    ros.mkdir(parents=True)

    with pytest.raises(SetupError, match='no local_setup.bash lies there'):
        setup_files((ros,))
