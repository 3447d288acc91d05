import pytest
import yaml

from nemotron_agent.evaluation.robot import RobotFiles
from nemotron_agent.evaluation.suite import load_suite

from .lamp_robot import PLACES, SKILLS, WORLD


@pytest.fixture
def robot_folder(tmp_path):
    """A robot that somebody else wrote, with types that are installed nowhere."""
    folder = tmp_path / 'lamp'
    folder.mkdir()
    for name, text in (('skills', SKILLS), ('places', PLACES), ('world', WORLD)):
        (folder / f'{name}.yaml').write_text(text)
    return folder


@pytest.fixture
def write_suite(robot_folder, tmp_path):
    """Write a suite for the lamp robot; return its path."""

    def write(*conversations, robot='lamp', name='suite.yaml'):
        for number, case in enumerate(conversations):
            if isinstance(case, dict):
                case.setdefault('id', f'c{number + 1}')
                case.setdefault('tags', ['single'])
        file = {'robot': robot, 'conversations': list(conversations)}
        path = tmp_path / name
        path.write_text(yaml.safe_dump(file, sort_keys=False, allow_unicode=True))
        return path

    return write


@pytest.fixture
def load(write_suite):
    """Write a suite of conversations and load it."""

    def load(*conversations, **files):
        return load_suite(str(write_suite(*conversations)), RobotFiles(**files))

    return load
