"""Packaging for colcon (ament_python)."""

import re
from pathlib import Path

from setuptools import find_packages, setup

package_name = 'nemotron_agent'
init_text = Path(package_name, '__init__.py').read_text(encoding='utf-8')
version = re.search(r"__version__ = '([^']+)'", init_text).group(1)


def share_files():
    """List (destination, files) for all that is read at run time: launch files and config."""
    share = Path('share', package_name)
    found = [(str(share), ['package.xml'])]
    for top in ('launch', 'config'):
        folders = [Path(top), *sorted(p for p in Path(top).rglob('*') if p.is_dir())]
        for folder in folders:
            files = sorted(str(p) for p in folder.glob('*') if p.is_file() and p.suffix != '.pyc')
            if files:
                found.append((str(share / folder), files))
    return found


setup(
    name=package_name,
    version=version,
    packages=find_packages(include=['nemotron_agent', 'nemotron_agent.*']),
    package_data={package_name: ['py.typed', 'evaluation/templates/*', 'testing/data/*']},
    data_files=[
        ('share/ament_index/resource_index/packages', ['resource/nemotron_agent']),
        *share_files(),
    ],
    python_requires='>=3.10',
    install_requires=['setuptools'],
    extras_require={'test': ['pytest']},
    zip_safe=False,
    maintainer='nemotron_agent maintainers',
    maintainer_email='maintainers@nemotron-agent.dev',
    description='A language-model agent that lives on a robot and acts through ROS 2.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            'agent = nemotron_agent.ros.main:main',
            'nemotron-agent = nemotron_agent.cli.main:main',
            'simulated_robot = nemotron_agent.sim.main:main',
        ],
    },
)
