from nemotron_agent.testing.ros_domain import ros_domain

__all__ = ['ros_domain']
