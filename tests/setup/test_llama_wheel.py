import os
from pathlib import Path

import pytest
from shell_program import write_program

from setup_steps.command import CommandError
from setup_steps.errors import SetupError
from setup_steps.layout import Layout
from setup_steps.llama_wheel import (
    compile_jobs,
    compile_wheel,
    describe_build,
    find_wheel,
    read_cpu,
)

BUILD = 'version 1.2.3\n'
# The wheel folder is the argument after --wheel-dir.
FIND_FOLDER = 'while [ "$1" != --wheel-dir ]; do shift; done'


def compile_with(layout, progress, program: str) -> Path:
    write_program(layout.python, program)
    return compile_wheel(layout, dict(os.environ), BUILD, '1.2.3', progress)


def test_compiled_wheel_is_kept(layout, progress):
    assert find_wheel(layout.cache, BUILD) is None

    wheel = compile_with(layout, progress, f'{FIND_FOLDER}; touch "$2/llama-1.2.3.whl"')

    assert wheel == find_wheel(layout.cache, BUILD)
    assert (wheel.parent / 'build.txt').read_text() == BUILD
    assert find_wheel(layout.cache, 'version 1.2.4\n') is None


def test_failed_compilation_leaves_nothing_behind(layout, progress):
    with pytest.raises(CommandError, match='no such instruction'):
        compile_with(layout, progress, 'echo "no such instruction"; exit 1')

    assert list((layout.cache / 'wheels').iterdir()) == []


def test_compilation_without_a_wheel(layout, progress):
    with pytest.raises(SetupError, match='made no wheel'):
        compile_with(layout, progress, 'exit 0')


def test_cache_that_cannot_be_written(layout, progress, tmp_path):
    (tmp_path / 'file').touch()
    blocked = Layout(root=layout.root, cache=tmp_path / 'file' / 'cache')

    with pytest.raises(SetupError, match='cannot be written') as caught:
        compile_wheel(blocked, dict(os.environ), BUILD, '1.2.3', progress)

    assert 'NEMOTRON_AGENT_CACHE' in caught.value.remedy


def test_build_differs_by_flags_and_cpu():
    plain = describe_build('1', {}, 'cpu')

    assert describe_build('1', {'HOME': '/root'}, 'cpu') == plain
    assert describe_build('2', {}, 'cpu') != plain
    assert describe_build('1', {'CMAKE_ARGS': '-DGGML_CUDA=on'}, 'cpu') != plain
    assert describe_build('1', {}, 'another') != plain


def test_cpu_is_that_of_the_first_core(tmp_path):
    file = tmp_path / 'cpuinfo'
    file.write_text('model name : One\nMHz : 2400\nflags : avx fma\n\nmodel name : Two\n')

    assert read_cpu(file) == 'One avx fma'
    assert read_cpu(tmp_path / 'missing') == ''


def test_at_least_one_compiler_runs():
    assert 1 <= compile_jobs() <= len(os.sched_getaffinity(0))
