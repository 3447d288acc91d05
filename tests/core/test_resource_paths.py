from pathlib import Path

import pytest

from nemotron_agent.core.errors import ConfigurationError
from nemotron_agent.core.resource_paths import config_file, share_directory, state_directory


def make_share(folder: Path) -> Path:
    (folder / 'config').mkdir(parents=True)
    (folder / 'package.xml').write_text('<package/>')
    return folder


def make_package(folder: Path) -> Path:
    package = folder / 'nemotron_agent'
    package.mkdir(parents=True)
    return package


def test_config_files_are_found_wherever_these_tests_run():
    assert config_file('skills.yaml').is_file()


def test_checkout(tmp_path: Path):
    make_share(tmp_path)

    assert share_directory(make_package(tmp_path), {}) == tmp_path


def test_install_prefix_without_anything_sourced(tmp_path: Path):
    share = make_share(tmp_path / 'share' / 'nemotron_agent')
    package = make_package(tmp_path / 'lib' / 'python3.10' / 'site-packages')

    assert share_directory(package, {}) == share


def test_prefix_of_another_place_is_found_by_the_ament_path(tmp_path: Path):
    share = make_share(tmp_path / 'prefix' / 'share' / 'nemotron_agent')
    package = make_package(tmp_path / 'elsewhere')
    prefixes = f'{tmp_path}/missing::{tmp_path}/prefix'

    assert share_directory(package, {'AMENT_PREFIX_PATH': prefixes}) == share


def test_package_reached_by_a_link_belongs_to_its_checkout(tmp_path: Path):
    checkout = make_share(tmp_path / 'checkout')
    package = make_package(checkout)
    link = tmp_path / 'build' / 'nemotron_agent'
    link.parent.mkdir()
    link.symlink_to(package)

    assert share_directory(link, {}) == checkout


def test_no_share_directory_is_an_error_with_a_remedy(tmp_path: Path):
    with pytest.raises(ConfigurationError, match='build the package with colcon'):
        share_directory(make_package(tmp_path), {'AMENT_PREFIX_PATH': ''})


def test_unknown_config_file_is_an_error():
    with pytest.raises(ConfigurationError, match='no config file nothing.yaml'):
        config_file('nothing.yaml')


def test_the_state_folder_is_its_own_or_in_xdgs_or_at_home(monkeypatch, tmp_path: Path):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.delenv('NEMOTRON_AGENT_STATE', raising=False)
    monkeypatch.setenv('XDG_STATE_HOME', 'relative')
    assert state_directory() == tmp_path / '.local' / 'state' / 'nemotron_agent'

    monkeypatch.setenv('XDG_STATE_HOME', '/var/state')
    assert state_directory() == Path('/var/state/nemotron_agent')

    monkeypatch.setenv('NEMOTRON_AGENT_STATE', '~/robot')
    assert state_directory() == tmp_path / 'robot'
