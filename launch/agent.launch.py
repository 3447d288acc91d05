"""Start the agent node: `ros2 launch nemotron_agent agent.launch.py`.

Arguments that are left out leave the node's own defaults, or the params_file's values, alone.
"""

from pathlib import Path

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal']
# Launch arguments that are parameters of the node, with their types.
PARAMETERS = {
    'model': str,
    'skills_file': str,
    'places_file': str,
    'policy_file': str,
    'autostart': bool,
    'use_sim_time': bool,
}


def generate_launch_description():
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'model', default_value='', description='Name in the catalogue, or a GGUF file.'
            ),
            DeclareLaunchArgument(
                'params_file', default_value='', description='Parameters of the node, YAML.'
            ),
            DeclareLaunchArgument('skills_file', default_value='', description='Skill manifest.'),
            DeclareLaunchArgument('places_file', default_value='', description='Named places.'),
            DeclareLaunchArgument(
                'policy_file', default_value='', description='Who may do what, YAML.'
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Of the node, such as r1.'
            ),
            DeclareLaunchArgument(
                'autostart',
                default_value='',
                choices=['', 'true', 'false'],
                description='Configure and activate at start.',
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='',
                choices=['', 'true', 'false'],
                description='Take the time from /clock.',
            ),
            DeclareLaunchArgument(
                'log_level', default_value='info', choices=LOG_LEVELS, description='Log from here.'
            ),
            OpaqueFunction(function=_start),
        ]
    )


def given_parameters(context):
    """Return what to pass to the node: the params_file, then the arguments that were given."""
    parameters = [
        {name: ParameterValue(LaunchConfiguration(name), value_type=value_type)}
        for name, value_type in PARAMETERS.items()
        if LaunchConfiguration(name).perform(context)
    ]
    params_file = LaunchConfiguration('params_file').perform(context)
    if params_file:
        if not Path(params_file).is_file():
            raise RuntimeError(f'params_file: there is no file {params_file}')
        parameters.insert(0, params_file)
    return parameters


def _start(context):
    return [
        Node(
            package='nemotron_agent',
            executable='agent',
            name='nemotron_agent',
            namespace=LaunchConfiguration('namespace'),
            parameters=given_parameters(context),
            arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
            output='screen',
            emulate_tty=True,
        )
    ]
