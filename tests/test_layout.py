"""Holds the directions of dependency: see the layout section of CONTRIBUTING.md."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = 'nemotron_agent'
SOURCE = Path(__file__).resolve().parents[1] / PACKAGE
MIDDLE = ('llm', 'skills', 'safety', 'perception', 'archive')
WITHOUT_ROS = ('core', *MIDDLE)
# Rooms a room may import, besides itself; __init__.py of the package stands for itself.
MAY_IMPORT = {
    'core': (),
    **{room: ('core',) for room in MIDDLE},
    'testing': ('core', *MIDDLE, 'ros'),
    'ros': ('core', *MIDDLE),
    'sim': ('core', *MIDDLE, 'ros', 'testing'),
    'evaluation': ('core', *MIDDLE, 'ros', 'sim', 'testing'),
    'cli': ('core', *MIDDLE, 'ros', 'sim', 'testing', 'evaluation'),
}
ROS_ROOMS = ('ros', 'sim', 'testing')
ENGINE = 'llm/llama_'
# Benchmarks compare the engine with llama.cpp that has nothing of ours around it.
BARE = 'cli/benches/sides/raw_llama.py'


def files() -> list[Path]:
    return sorted(SOURCE.rglob('*.py'))


def name_of(file: Path) -> str:
    """`core/agent.py` for a file of the package."""
    return file.relative_to(SOURCE).as_posix()


def module_of(file: Path) -> str:
    parts = (PACKAGE, *file.relative_to(SOURCE).with_suffix('').parts)
    return '.'.join(part for part in parts if part != '__init__')


def imports(file: Path) -> Iterator[str]:
    """All modules that a file names in an import, wherever in the file."""
    for node in ast.walk(ast.parse(file.read_text(encoding='utf-8'))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f'{node.module}.{alias.name}' for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            raise AssertionError(f'{file}:{node.lineno}: import by the full name')


def rooms_imported(file: Path) -> set[str]:
    """The rooms of the package that a file imports."""
    found = set()
    for module in imports(file):
        parts = module.split('.')
        if parts[0] == PACKAGE and len(parts) > 1 and (SOURCE / parts[1]).is_dir():
            found.add(parts[1])
    return found


@pytest.mark.parametrize('file', files(), ids=name_of)
def test_file_imports_only_the_rooms_below(file: Path):
    room = file.relative_to(SOURCE).parts[0]
    allowed = {room, *MAY_IMPORT.get(room, ())}

    assert rooms_imported(file) <= allowed


def test_every_room_has_its_place():
    rooms = {p.name for p in SOURCE.iterdir() if any(p.glob('*.py'))}

    assert rooms <= set(MAY_IMPORT)


@pytest.mark.parametrize('file', files(), ids=name_of)
def test_rclpy_and_llama_cpp_stay_where_they_belong(file: Path):
    roots = {module.split('.')[0] for module in imports(file)}
    room = file.relative_to(SOURCE).parts[0]

    if room not in ROS_ROOMS:
        assert 'rclpy' not in roots
    if not name_of(file).startswith((ENGINE, BARE)):
        assert 'llama_cpp' not in roots


def test_rooms_without_ros_load_neither_ros_nor_llama_cpp():
    modules = [
        module_of(file)
        for file in files()
        if file.relative_to(SOURCE).parts[0] in WITHOUT_ROS
        and not name_of(file).startswith(ENGINE)
    ]
    program = (
        'import importlib, sys\n'
        'for name in sys.argv[1:]:\n'
        '    importlib.import_module(name)\n'
        '    for banned in ("rclpy", "llama_cpp"):\n'
        '        assert banned not in sys.modules, f"{name} loads {banned}"\n'
    )
    done = subprocess.run(
        [sys.executable, '-c', program, *modules],
        cwd=SOURCE.parent,
        capture_output=True,
        text=True,
        check=False,
    )

    assert modules
    assert done.returncode == 0, done.stderr


def test_only_the_registry_runs_tools():
    # Without a context no tool can be run, and the registry asks the gate.
    makes_contexts = {
        name_of(file)
        for file in files()
        for node in ast.walk(ast.parse(file.read_text(encoding='utf-8')))
        if isinstance(node, ast.Call) and 'CallContext' in ast.unparse(node.func)
    }

    assert makes_contexts == {'core/tool_registry.py'}
