"""A language-model agent that lives on a robot and acts through ROS 2."""

__version__ = '0.1.0'
