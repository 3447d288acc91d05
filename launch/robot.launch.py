"""Start the simulated robot: `ros2 launch nemotron_agent robot.launch.py`.

With use_sim_time it publishes the simulated time on /clock, so only one robot can have it.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal']
# Launch arguments that are parameters of the node, with their types.
PARAMETERS = {
    'world_file': str,
    'places_file': str,
    'use_sim_time': bool,
}


def generate_launch_description():
    return LaunchDescription(
        [
            DeclareLaunchArgument('world_file', default_value='', description='World file.'),
            DeclareLaunchArgument('places_file', default_value='', description='Named places.'),
            DeclareLaunchArgument(
                'speed_up', default_value='', description='Simulated seconds in a real one.'
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Of the node, such as r1.'
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='',
                choices=['', 'true', 'false'],
                description='Publish the simulated time on /clock, and use it.',
            ),
            DeclareLaunchArgument(
                'log_level', default_value='info', choices=LOG_LEVELS, description='Log from here.'
            ),
            OpaqueFunction(function=_start),
        ]
    )


def given_parameters(context):
    """Return what to pass to the node: the arguments that were given."""
    parameters = {
        name: ParameterValue(LaunchConfiguration(name), value_type=value_type)
        for name, value_type in PARAMETERS.items()
        if LaunchConfiguration(name).perform(context)
    }
    if 'use_sim_time' in parameters:
        parameters['publish_clock'] = parameters['use_sim_time']
    speed_up = LaunchConfiguration('speed_up').perform(context)
    if speed_up:
        try:
            parameters['speed_up'] = float(speed_up)
        except ValueError as error:
            raise RuntimeError(f'speed_up: "{speed_up}" is not a number') from error
    return [parameters] if parameters else []


def _start(context):
    return [
        Node(
            package='nemotron_agent',
            executable='simulated_robot',
            name='simulated_robot',
            namespace=LaunchConfiguration('namespace'),
            parameters=given_parameters(context),
            arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
            output='screen',
            emulate_tty=True,
        )
    ]
