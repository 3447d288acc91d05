import os
import sys

import pytest
from shell_program import write_program

from setup_steps.command import CommandError
from setup_steps.errors import SetupError
from setup_steps.packages import (
    constraints_for,
    pin_of,
    pip_install,
    requirement_files,
    run_pip,
)
from setup_steps.road import Road

PINS = """\
# a comment
numpy==2.2.6; python_version < '3.11'
numpy==2.4.6; python_version >= '3.11'
pytest==9.2.0
pytest-timeout==2.4.0
rich==15.0.0
"""
SOURCED = Road(sourced=True, held=(('numpy', '1.21.5'), ('pytest', '6.2.5')))


def use_own_pip(layout):
    """Let the checkout's interpreter be the one that runs these tests."""
    write_program(layout.python, f'exec {sys.executable} "$@"')


def offline(environment):
    kept = {key: value for key, value in environment.items() if not key.startswith('PIP_')}
    return {**kept, 'PIP_CONFIG_FILE': os.devnull}


def test_pin_of_one_distribution():
    assert pin_of(PINS, 'rich') == '15.0.0'
    with pytest.raises(SetupError, match='no single pin for numpy'):
        pin_of(PINS, 'numpy')


def test_all_pins_hold_without_a_sourced_ros():
    assert constraints_for(Road(sourced=False), PINS).split('\n')[1:] == PINS.split('\n')[2:]


def test_what_a_sourced_ros_relies_on_stays_as_it_is():
    lines = constraints_for(SOURCED, PINS).splitlines()

    assert lines == ['rich==15.0.0', 'numpy==1.21.5', 'pytest==6.2.5']


def test_ros_wheels_are_for_machines_without_ros(layout):
    names = [file.name for file in requirement_files(SOURCED, layout)]

    assert names == ['runtime.txt', 'dev.txt', 'build.txt']
    assert [f.name for f in requirement_files(Road(sourced=False), layout)] == [
        *names,
        'ros-wheels.txt',
    ]


def test_index_that_does_not_answer(layout, progress):
    use_own_pip(layout)
    arguments = ['download', '--retries', '0', '--index-url', 'http://127.0.0.1:9/simple']

    with pytest.raises(SetupError, match='the package index cannot be reached') as caught:
        run_pip(
            'a trial',
            [*arguments, '--dest', layout.state, 'nemotron-agent-needs-nothing-of-this-name'],
            layout,
            offline(os.environ),
            progress,
            str,
        )

    assert 'PIP_INDEX_URL' in caught.value.remedy


def test_other_failures_of_pip_show_its_words(layout, progress):
    use_own_pip(layout)

    with pytest.raises(CommandError, match='installing a trial failed') as caught:
        pip_install(
            'a trial',
            ['--no-index', 'rich=!1'],
            layout,
            offline(os.environ),
            progress,
        )

    assert 'Invalid requirement' in caught.value.output
    assert str(layout.log('installing-a-trial')) in caught.value.remedy
