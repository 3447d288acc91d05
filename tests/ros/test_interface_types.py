import sys
from pathlib import Path

import pytest

from nemotron_agent.ros.interface_types import InterfaceTypeError, constant_name, load_interface


def test_types_are_loaded_by_name():
    from nemotron_agent_interfaces.action import Spin
    from std_msgs.msg import String
    from std_srvs.srv import SetBool

    assert load_interface('nemotron_agent_interfaces/action/Spin') is Spin
    assert load_interface('std_msgs/msg/String') is String
    assert load_interface('std_srvs/srv/SetBool') is SetBool


@pytest.mark.parametrize(
    ('name', 'expected'),
    [
        ('Spin', '"Spin" is no ROS type: write package/action/Name'),
        ('std_msgs/String', '"std_msgs/String" is no ROS type: write package/action/Name'),
        ('std_msgs/idl/String', '"std_msgs/idl/String" is no ROS type'),
        ('../msg/String', '"../msg/String" is no ROS type'),
        (
            'no_such_msgs/msg/Thing',
            'the ROS package no_such_msgs is not installed: install it '
            '(sudo apt install ros-$ROS_DISTRO-no-such-msgs), or source the workspace that has it',
        ),
        ('std_msgs/srv/Set', 'the ROS package std_msgs has no srv types: correct the name'),
        (
            'std_srvs/srv/SetBoolean',
            'the ROS package std_srvs has no srv SetBoolean: use one of: ',
        ),
    ],
)
def test_what_cannot_be_loaded(name, expected):
    with pytest.raises(InterfaceTypeError) as caught:
        load_interface(name)
    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize('broken', ['__init__.py', 'msg/__init__.py'])
def test_a_package_built_for_another_ros(tmp_path: Path, monkeypatch, broken):
    folder = tmp_path / 'foreign_msgs' / 'msg'
    folder.mkdir(parents=True)
    (tmp_path / 'foreign_msgs' / '__init__.py').touch()
    (folder / '__init__.py').touch()
    (tmp_path / 'foreign_msgs' / broken).write_text('raise ImportError("librosidl.so")')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InterfaceTypeError, match='is installed and cannot be loaded .librosidl'):
        load_interface('foreign_msgs/msg/Thing')
    sys.modules.pop('foreign_msgs', None)


def test_a_package_whose_own_import_is_missing(tmp_path: Path, monkeypatch):
    (tmp_path / 'half_msgs').mkdir()
    (tmp_path / 'half_msgs' / '__init__.py').write_text('import no_such_module_at_all')
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InterfaceTypeError, match='is installed and cannot be loaded .No module'):
        load_interface('half_msgs/msg/Thing')


def test_names_of_constants():
    from nemotron_agent_interfaces.action import Spin

    assert constant_name(Spin.Result, 2) == 'BLOCKED'
    assert constant_name(Spin.Result, 99) == ''
