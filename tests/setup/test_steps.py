import fcntl
import io
import os
import threading
from pathlib import Path

import pytest
from shell_program import write_program

from setup_steps.cmake_exports import mend_exports
from setup_steps.command import CommandError, run_logged
from setup_steps.errors import SetupError
from setup_steps.interfaces import build_environment, find_colcon
from setup_steps.layout import find_layout
from setup_steps.main import only_one
from setup_steps.progress import Progress, duration
from setup_steps.road import Road
from setup_steps.stamps import Stamps, digest
from setup_steps.virtual_environment import (
    calling_environment,
    make_environment,
    step_environment,
)

WHEELS = Road(sourced=False)
SOURCED = Road(sourced=True, prefixes=(Path('/opt/ros/humble'),))


def test_cache_folder_by_variable_then_by_xdg_then_in_home():
    root = Path('/checkout')

    assert find_layout(root, {'NEMOTRON_AGENT_CACHE': '/a'}).cache == Path('/a')
    assert find_layout(root, {'XDG_CACHE_HOME': '/b'}).cache == Path('/b/nemotron_agent')
    assert find_layout(root, {}).cache == Path.home() / '.cache' / 'nemotron_agent'


def test_digest_sees_names_and_contents(tmp_path):
    (tmp_path / 'one').mkdir()
    (tmp_path / 'one' / 'file').write_text('a')
    first = digest([tmp_path / 'one'])
    (tmp_path / 'one' / 'file').write_text('b')
    second = digest([tmp_path / 'one'])
    (tmp_path / 'one' / 'file').rename(tmp_path / 'one' / 'other')

    assert len({first, second, digest([tmp_path / 'one']), digest(['one'])}) == 4


def test_stamp_is_fresh_until_something_changes(tmp_path):
    stamps = Stamps(tmp_path / 'stamps')
    assert not stamps.is_fresh('step', 'a')
    stamps.write('step', 'a')

    assert stamps.is_fresh('step', 'a')
    assert not stamps.is_fresh('step', 'b')
    stamps.forget('step')
    assert not stamps.is_fresh('step', 'a')


def test_progress_as_plain_lines():
    stream = io.StringIO()
    progress = Progress(stream, steps=2)
    progress.skip('tools')
    progress.start('wheel', note='takes minutes')
    progress.done()

    assert stream.getvalue().splitlines() == [
        '  [1/2] tools: up to date',
        '  [2/2] wheel: takes minutes',
        '  [2/2] wheel ...',
        '  [2/2] wheel: 0 s',
    ]


def test_progress_on_a_terminal_stays_on_its_line():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    progress = Progress(stream, steps=1)
    progress.start('wheel')
    progress.done()

    assert stream.getvalue() == '\r\033[K  [1/1] wheel ...\r\033[K  [1/1] wheel: 0 s\n'


def test_durations():
    assert [duration(value) for value in (0.4, 59, 60, 307)] == [
        '0 s',
        '59 s',
        '1:00 min',
        '5:07 min',
    ]


def test_failing_program_shows_its_last_words(tmp_path, progress):
    program = write_program(tmp_path / 'program', 'echo first; seq 30; echo last >&2; exit 3')

    with pytest.raises(CommandError, match='trying failed') as caught:
        run_logged('trying', [program], dict(os.environ), tmp_path / 'logs' / 'log', progress)

    assert caught.value.output.endswith('last')
    assert 'first' not in caught.value.output
    assert (tmp_path / 'logs' / 'log').read_text().startswith('first')


def test_exports_name_this_machine_afterwards(tmp_path):
    export = tmp_path / 'share' / 'std_msgs' / 'cmake' / 'std_msgsExport.cmake'
    export.parent.mkdir(parents=True)
    python = '/opt/python/cp311-cp311'
    export.write_text(
        f'"{python}/include/python3.11;'
        f'{python}/lib/python3.11/site-packages/numpy/_core/include;/usr/include"'
    )

    assert mend_exports(tmp_path, '/here/python', '/here/numpy') == 1
    assert export.read_text() == '"/here/python;/here/numpy;/usr/include"'
    assert mend_exports(tmp_path, '/here/python', '/here/numpy') == 0


def test_own_colcon_without_ros_and_the_systems_with_it(layout, tmp_path):
    write_program(tmp_path / 'bin' / 'colcon', 'exit 0')
    environment = {'PATH': str(tmp_path / 'bin')}

    assert find_colcon(WHEELS, layout, environment) == layout.venv / 'bin' / 'colcon'
    assert find_colcon(SOURCED, layout, environment) == tmp_path / 'bin' / 'colcon'


def test_sourced_ros_without_colcon(layout, tmp_path):
    with pytest.raises(SetupError, match='lacks colcon') as caught:
        find_colcon(SOURCED, layout, {'PATH': str(tmp_path)})

    assert caught.value.remedy == 'sudo apt install python3-colcon-common-extensions'


def test_the_users_colcon_settings_stay_out_of_the_build(layout):
    called = {'PATH': '/bin', 'COLCON_DEFAULTS_FILE': '/odd', 'COLCON_PREFIX_PATH': '/workspace'}

    wheels = build_environment(WHEELS, layout, called)
    sourced = build_environment(SOURCED, layout, called)

    assert wheels['AMENT_PREFIX_PATH'] == str(layout.venv)
    assert wheels['PATH'] == f'{layout.venv}/bin:/bin'
    assert sourced['COLCON_PREFIX_PATH'] == '/workspace'
    for environment in (wheels, sourced):
        assert 'COLCON_DEFAULTS_FILE' not in environment


def test_activated_environment_does_not_reach_the_steps(layout):
    called = {
        'PATH': f'{layout.venv}/bin:/bin',
        'VIRTUAL_ENV': str(layout.venv),
        'MAKEFLAGS': '-j1',
        'PYTHONPATH': f'{layout.venv}/lib/python3.11/site-packages:/some/ros',
        'AMENT_PREFIX_PATH': str(layout.venv),
        'HOME': '/root',
    }
    environment = calling_environment(called, layout.venv)

    assert 'AMENT_PREFIX_PATH' not in environment
    assert step_environment(environment, WHEELS) == {'PATH': '/bin', 'HOME': '/root'}
    assert step_environment(environment, SOURCED)['PYTHONPATH'] == '/some/ros'


def test_folder_that_is_no_environment_is_not_cleared(layout, progress):
    layout.venv.mkdir(parents=True)
    (layout.venv / 'notes.txt').touch()

    with pytest.raises(SetupError, match='it is no virtual environment'):
        make_environment(WHEELS, layout, dict(os.environ), progress)

    assert (layout.venv / 'notes.txt').exists()


def test_second_set_up_waits_for_the_first(tmp_path):
    first = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(first, fcntl.LOCK_EX)
    waits, entered = threading.Event(), threading.Event()

    def second() -> None:
        with only_one(tmp_path, lambda text: waits.set()):
            entered.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert waits.wait(10)
    assert not entered.is_set()
    os.close(first)
    thread.join(10)
    assert entered.is_set()
