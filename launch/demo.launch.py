"""Start the agent and a simulated robot: `ros2 launch nemotron_agent demo.launch.py`.

Then, in another terminal: `nemotron-agent send "go to the kitchen"`.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir

LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'fatal']
BOTH = ['places_file', 'namespace', 'use_sim_time', 'log_level']
OF_THE_AGENT = ['model', 'params_file', 'skills_file', 'policy_file', 'autostart', *BOTH]
OF_THE_ROBOT = ['world_file', 'speed_up', *BOTH]


def generate_launch_description():
    return LaunchDescription(
        [
            DeclareLaunchArgument(
                'model',
                default_value='qwen2.5-coder-1.5b',
                description='Name in the catalogue, or a GGUF file.',
            ),
            DeclareLaunchArgument(
                'params_file', default_value='', description='Parameters of the agent, YAML.'
            ),
            DeclareLaunchArgument('skills_file', default_value='', description='Skill manifest.'),
            DeclareLaunchArgument(
                'policy_file', default_value='', description='Who may do what, YAML.'
            ),
            DeclareLaunchArgument(
                'places_file', default_value='', description='Named places, for both.'
            ),
            DeclareLaunchArgument('world_file', default_value='', description='World file.'),
            DeclareLaunchArgument(
                'speed_up', default_value='', description='Simulated seconds in a real one.'
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Of both nodes, such as r1.'
            ),
            DeclareLaunchArgument(
                'autostart',
                default_value='',
                choices=['', 'true', 'false'],
                description='Configure and activate the agent at start.',
            ),
            DeclareLaunchArgument(
                'use_sim_time',
                default_value='',
                choices=['', 'true', 'false'],
                description='The robot publishes its time on /clock, and both use it.',
            ),
            DeclareLaunchArgument(
                'log_level', default_value='info', choices=LOG_LEVELS, description='Log from here.'
            ),
            _include('robot.launch.py', OF_THE_ROBOT),
            _include('agent.launch.py', OF_THE_AGENT),
        ]
    )


def _include(file, arguments):
    return IncludeLaunchDescription(
        [ThisLaunchFileDir(), '/', file],
        launch_arguments=[(name, LaunchConfiguration(name)) for name in arguments],
    )
