import argparse
import os
import subprocess
import sys
import types

import pytest

import nemotron_agent
from nemotron_agent.cli.main import find_commands, main
from nemotron_agent.core.errors import ModelFileError

RUN_MAIN = 'import sys; from nemotron_agent.cli.main import main; sys.exit(main())'
PROGRAM = [sys.executable, '-c', RUN_MAIN]


def command(run):
    """Make a command `act` that does this."""

    def add_parser(subparsers):
        subparsers.add_parser('act').set_defaults(run=run)

    return {'act': types.SimpleNamespace(add_parser=add_parser)}


def raising(error):
    def run(args):
        raise error

    return command(run)


def test_the_version(capsys):
    with pytest.raises(SystemExit) as caught:
        main(['--version'])

    assert caught.value.code == 0
    assert capsys.readouterr().out == f'nemotron-agent {nemotron_agent.__version__}\n'


@pytest.mark.parametrize('argv', [[], ['--help']])
def test_help_teaches_the_commands(argv):
    done = subprocess.run([*PROGRAM, *argv], capture_output=True, text=True)

    assert done.returncode == 0
    assert 'list, get and check model files' in done.stdout
    assert 'nemotron-agent send "go to the kitchen"' in done.stdout
    assert done.stderr == ''


def test_only_the_wanted_command_is_imported():
    assert list(find_commands('model')) == ['model']
    assert {'model', 'tools', 'send'} <= set(find_commands('nonsense'))
    assert 'model' in find_commands('main')


def test_a_command_that_does_not_exist(capsys):
    with pytest.raises(SystemExit) as caught:
        main(['fly'])

    assert caught.value.code == 2
    assert "invalid choice: 'fly'" in capsys.readouterr().err


@pytest.mark.parametrize('status', [0, 1])
def test_the_command_gives_the_exit_status(status):
    assert main(['act'], command(lambda args: status)) == status


def test_the_command_gets_its_arguments():
    heard = []
    main(['act'], command(lambda args: heard.append(args) or 0))

    assert isinstance(heard[0], argparse.Namespace)


def test_our_errors_are_one_line_without_traceback(capsys):
    assert main(['act'], raising(ModelFileError('the file is gone'))) == 2

    caught = capsys.readouterr()
    assert (caught.out, caught.err) == ('', 'nemotron-agent: the file is gone\n')


@pytest.mark.parametrize(
    ('module', 'remedy'),
    [
        ('rclpy', 'source a ROS 2 installation'),
        ('rclpy.node', 'source a ROS 2 installation'),
        ('nemotron_agent_interfaces.action', 'build it with colcon'),
        ('rich', 'run `make setup`, or install the packages of requirements/runtime.txt'),
    ],
)
def test_a_missing_module_says_what_to_do(capsys, module, remedy):
    assert main(['act'], raising(ModuleNotFoundError('', name=module))) == 2

    caught = capsys.readouterr().err
    assert f'the Python module {module.partition(".")[0]} is missing: {remedy}' in caught


def test_a_module_of_our_own_that_is_missing_is_a_bug():
    with pytest.raises(ModuleNotFoundError):
        main(['act'], raising(ModuleNotFoundError('', name='nemotron_agent.nothing')))


def test_an_interrupt(capsys):
    assert main(['act'], raising(KeyboardInterrupt())) == 130

    assert capsys.readouterr().err == 'interrupted\n'


def test_a_reader_that_has_gone():
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [*PROGRAM, 'model', 'list'], stdout=write_end, stderr=subprocess.PIPE, text=True
    )
    os.close(write_end)

    assert done.returncode == 141
    assert done.stderr == ''
