"""Where the agent meets ROS 2: its node, and the skills as clients of the robot's interfaces."""
