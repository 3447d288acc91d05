import ast
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / 'launch').glob('*.launch.py'))
ARGUMENTS = {
    'agent.launch.py': {
        'model',
        'params_file',
        'skills_file',
        'places_file',
        'policy_file',
        'namespace',
        'autostart',
        'log_level',
        'use_sim_time',
    },
    'robot.launch.py': {
        'world_file',
        'places_file',
        'speed_up',
        'namespace',
        'log_level',
        'use_sim_time',
    },
}
ARGUMENTS['demo.launch.py'] = ARGUMENTS['agent.launch.py'] | ARGUMENTS['robot.launch.py']

every_file = pytest.mark.parametrize('file', FILES, ids=lambda file: file.name)


def calls_of(tree: ast.Module, name: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    ]


def test_every_launch_file_is_known_here():
    assert {file.name for file in FILES} == set(ARGUMENTS)


@every_file
def test_it_compiles_and_declares_its_arguments(file):
    """Works where launch is not installed."""
    tree = ast.parse(file.read_text(encoding='utf-8'), file.name)
    compile(tree, file.name, 'exec')
    declared = calls_of(tree, 'DeclareLaunchArgument')
    assert {call.args[0].value for call in declared} == ARGUMENTS[file.name]
    described = [keyword for call in declared for keyword in call.keywords]
    assert sum(keyword.arg == 'description' for keyword in described) == len(declared)


@every_file
def test_it_starts_programs_that_the_package_has(file):
    scripts = re.findall(r"'(\w+) = nemotron_agent", (ROOT / 'setup.py').read_text())
    tree = ast.parse(file.read_text(encoding='utf-8'))
    for call in calls_of(tree, 'Node'):
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        assert given['package'].value == 'nemotron_agent'
        assert given['executable'].value in scripts


@every_file
def test_launch_can_load_it(file):
    pytest.importorskip('launch_ros', reason='launch_ros is not installed')
    from launch import LaunchContext
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    description = PythonLaunchDescriptionSource(str(file)).get_launch_description(LaunchContext())
    arguments = {argument.name for argument in description.get_launch_arguments()}
    assert arguments == ARGUMENTS[file.name]


def parameters_passed(file, **arguments):
    """The parameters that the launch file gives to its node, evaluated."""
    from launch import LaunchContext
    from launch_ros.utilities import evaluate_parameters, normalize_parameters

    context = LaunchContext()
    context.launch_configurations.update(dict.fromkeys(ARGUMENTS[file], ''), **arguments)
    given = runpy.run_path(str(ROOT / 'launch' / file))['given_parameters'](context)
    merged = {}
    for part in evaluate_parameters(context, normalize_parameters(given)):
        merged |= part if isinstance(part, dict) else {'file': str(part)}
    return merged


@pytest.fixture
def launch_ros():
    return pytest.importorskip('launch_ros', reason='launch_ros is not installed')


@pytest.mark.parametrize('file', ['agent.launch.py', 'robot.launch.py'])
def test_what_is_not_given_is_not_passed(file, launch_ros):
    assert parameters_passed(file) == {}


def test_what_is_given_is_passed_with_its_type(launch_ros, tmp_path):
    params_file = tmp_path / 'params.yaml'
    params_file.write_text('/**:\n  ros__parameters:\n    n_ctx: 2048\n')
    passed = parameters_passed(
        'agent.launch.py', model='1.5', autostart='false', params_file=str(params_file)
    )
    assert passed == {'file': str(params_file), 'model': '1.5', 'autostart': False}
    passed = parameters_passed('robot.launch.py', speed_up='4', use_sim_time='true')
    assert passed == {'speed_up': 4.0, 'use_sim_time': True, 'publish_clock': True}


def test_arguments_that_cannot_be_used(launch_ros):
    with pytest.raises(RuntimeError, match='params_file: there is no file /no/params.yaml'):
        parameters_passed('agent.launch.py', params_file='/no/params.yaml')
    with pytest.raises(RuntimeError, match='speed_up: "fast" is not a number'):
        parameters_passed('robot.launch.py', speed_up='fast')
